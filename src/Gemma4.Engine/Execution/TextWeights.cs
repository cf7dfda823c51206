using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Loading;

namespace Gemma4.Engine.Execution;

/// <summary>The bytes of the weights that the text model is multiplied with, as they lie where they are multiplied.</summary>
/// <param name="Bytes">Of all of them, which a long prompt reads.</param>
/// <param name="BytesOfToken">Of those that one token reads: of routed experts only the ones that it is sent to.</param>
internal readonly record struct TextWeights(long Bytes, long BytesOfToken)
{
    /// <summary>Counts them; no weight is touched.</summary>
    /// <param name="model">The model, found in a checkpoint.</param>
    /// <param name="backend">Computes it.</param>
    public static TextWeights Of(LocatedModel model, Backend backend)
    {
        long bytes = 0, experts = 0;
        foreach ((string name, bool isHead) in model.Expected.Multiplied)
        {
            if (!isHead && !name.StartsWith("model.language_model.", StringComparison.Ordinal))
                continue;      // a tower's
            LocatedWeight weight = model.Weights[name];
            long made = backend.BytesMade(weight.Format, weight.Shape.AsSpan(), weight.InPanels, isMultiplied: true, isHead);
            long read = made > 0 ? made : weight.Length;
            bytes += read;
            experts += name.Contains(".experts.", StringComparison.Ordinal) ? read : 0;
        }
        return new TextWeights(bytes, model.Config.Text.Moe is { } moe ? bytes - experts + experts * moe.NumActiveExperts / moe.NumExperts : bytes);
    }
}
