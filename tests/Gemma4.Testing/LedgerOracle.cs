using Gemma4.Engine.Requests;

namespace Gemma4.Testing;

/// <summary>Runs a <see cref="LedgerModel"/> over one sequence the plain way: arrays, from the first position to the last.</summary>
internal sealed class LedgerOracle(LedgerModel model, GenerationRequest request, ulong seed)
{
    private readonly List<int> _tokenIds = [.. request.PromptTokenIds];
    private readonly List<ulong>[] _sums = [.. model.Groups.Select(_ => new List<ulong> { 0 })];

    /// <summary>What the last layer sees at each position computed.</summary>
    public List<ulong> Top { get; } = [];

    /// <summary>Tokens until one of the request's end tokens or the limit, by the engine's rules.</summary>
    public List<int> Generate(int maxTokens)
    {
        List<int> output = [];
        ITokenConstraint? constraint = request.Constraint?.Create();
        uint[] mask = new uint[(model.VocabularySize + 31) / 32];
        while (output.Count < maxTokens)
        {
            Compute();
            bool isMasked = constraint?.FillMask(mask, mayCompute: true) == MaskResult.Masked;
            int tokenId = model.Sample(Top[^1], seed, _tokenIds.Count, isMasked ? mask : []);
            output.Add(tokenId);
            _tokenIds.Add(tokenId);
            if (output.Count > request.MinTokens && request.StopTokenIds.Contains(tokenId))
                break;
            if ((constraint?.Accept(tokenId, mayCompute: true) ?? AcceptResult.GoesOn) != AcceptResult.GoesOn)
                break;
        }
        return output;
    }

    /// <summary>Lets the computed positions catch up with the tokens.</summary>
    public void Compute()
    {
        int first = Top.Count;
        ulong[] values = new ulong[_tokenIds.Count - first];
        for (int i = 0; i < values.Length; i++)
            values[i] = LedgerModel.Embed(request, first + i, _tokenIds[first + i]);
        for (int g = 0; g < model.Groups.Length; g++)
        {
            List<ulong> sums = _sums[g];
            for (int i = 0; i < values.Length; i++)
                sums.Add(sums[^1] + LedgerModel.AtPosition(values[i], first + i));
            for (int i = 0; i < values.Length; i++)
            {
                (int from, int end) = model.Visible(request, g, first + i);
                values[i] = LedgerModel.NextLayer(values[i], sums[end] - sums[from]);
            }
        }
        Top.AddRange(values);
    }
}
