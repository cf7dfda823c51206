using Gemma4.Engine.Requests;

namespace Gemma4.FleetSimulation;

/// <summary>A conversation on its way: what was said so far, and when its current turn was sent and answered.</summary>
internal sealed class Conversation
{
    private const int Vocabulary = 250_000;
    private readonly List<int> _tokenIds = [];
    private readonly IReadOnlyList<Turn> _turns;
    private int _turn;

    /// <param name="id">Unique among all.</param>
    /// <param name="start">When its first turn is sent.</param>
    /// <param name="app">The application whose instructions it begins with.</param>
    /// <param name="appTokens">Their number.</param>
    /// <param name="turns">At least one.</param>
    public Conversation(int id, TimeSpan start, int app, int appTokens, IReadOnlyList<Turn> turns)
    {
        (Id, Sent, _turns) = (id, start, turns);
        AddText(-1 - app, appTokens);
        AddText(id, turns[0].UserTokens);
    }

    /// <summary>Names it among all.</summary>
    public int Id { get; }

    /// <summary>When its current turn was sent first, refused tries included.</summary>
    public TimeSpan Sent { get; private set; }

    /// <summary>When the current turn's last token came; null before the first.</summary>
    public TimeSpan? LastToken { get; set; }

    /// <summary>When the current turn's first token came.</summary>
    public TimeSpan FirstToken { get; set; }

    /// <summary>Tokens of the current turn's answer.</summary>
    public int AnswerTokens => _turns[_turn].AnswerTokens;

    /// <summary>What the current turn asks a server.</summary>
    public GenerationRequest Request() => new()
    {
        Id = Id.ToString(),
        PromptTokenIds = [.. _tokenIds],
        Sampling = new SamplingParams { Seed = unchecked((ulong)Id * 1000 + (ulong)_turn) },
        MaxTokens = AnswerTokens,
    };

    /// <summary>Takes an answer, and goes on to the next turn.</summary>
    /// <param name="tokenIds">Prompt and answer.</param>
    /// <param name="now">When the answer was whole.</param>
    /// <returns>When the next turn is sent; null where it was the last.</returns>
    public TimeSpan? Next(ReadOnlySpan<int> tokenIds, TimeSpan now)
    {
        TimeSpan think = _turns[_turn].ThinkTime;
        if (++_turn == _turns.Count)
            return null;
        _tokenIds.AddRange(tokenIds[_tokenIds.Count..]);
        AddText(Id, _turns[_turn].UserTokens);
        (Sent, LastToken) = (now + think, null);
        return Sent;
    }

    /// <summary>Text of a source, which differs from all others' at the same place.</summary>
    private void AddText(int source, int count)
    {
        for (int i = 0; i < count; i++)
            _tokenIds.Add(1 + (int)(Mixing.Of(unchecked((ulong)source << 32 ^ (uint)_tokenIds.Count)) % Vocabulary));
    }
}
