using Gemma4.Engine.Scheduling;

namespace Gemma4.Testing;

/// <summary>A drafter made of bookkeeping: it knows what every sequence will say, and each of its guesses is right with a given probability.</summary>
/// <param name="answerOf">The output tokens of a sequence served alone; asked once a sequence.</param>
/// <param name="rightness">Probability that a guess is right. Behind the end of the answer all are wrong.</param>
/// <param name="vocabularySize">V, at least 2.</param>
/// <param name="seed">Decides which guesses are right, by sequence and position.</param>
internal sealed class KnowingDrafter(Func<Sequence, IReadOnlyList<int>> answerOf, double rightness, int vocabularySize, int seed = 0) : IDrafter
{
    private readonly Dictionary<SequenceId, IReadOnlyList<int>> _answers = [];

    /// <summary>A drafter for sequences that a ledger serves.</summary>
    public static KnowingDrafter Of(LedgerModel model, double rightness, int maxDrafts = int.MaxValue, int seed = 0) => new(
        s => model.Generate(s.Request, s.Seed, s.MaxOutputTokens), rightness, model.VocabularySize, seed)
    { MaxDrafts = maxDrafts };

    /// <summary>Most guesses at once.</summary>
    public int MaxDrafts { get; init; } = int.MaxValue;

    /// <summary>Guesses handed out.</summary>
    public long NumDrafts { get; private set; }

    /// <inheritdoc/>
    public int Draft(Sequence sequence, Span<int> tokenIds)
    {
        if (!_answers.TryGetValue(sequence.Id, out IReadOnlyList<int>? answer))
            _answers.Add(sequence.Id, answer = answerOf(sequence));
        int count = Math.Min(tokenIds.Length, MaxDrafts);
        for (int i = 0; i < count; i++)
        {
            int position = sequence.NumOutputTokens + i;
            uint chance = Mix((uint)(seed ^ (sequence.Id.Value << 12)) + (uint)position);
            int known = position < answer.Count ? answer[position] : 0;
            bool isRight = position < answer.Count && chance < rightness * uint.MaxValue;
            tokenIds[i] = isRight ? known : (known + 1 + (int)(chance % (uint)(vocabularySize - 1))) % vocabularySize;
        }
        NumDrafts += count;
        return count;
    }

    private static uint Mix(uint x)
    {
        x = (x ^ (x >> 16)) * 0x7FEB352D;
        x = (x ^ (x >> 15)) * 0x846CA68B;
        return x ^ (x >> 16);
    }
}
