using System.Text;
using Gemma4.Server.OpenAI.Completions;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Completions;

/// <summary>Joins the pieces of text completions to whole answers and picks the best of each prompt.</summary>
internal static class CompletionAnswers
{
    /// <summary>Reads the generation to its end.</summary>
    /// <param name="generation">All prompts' sequences.</param>
    /// <param name="choices">Makes the pieces.</param>
    /// <param name="wanted">Answers of each prompt that are given out.</param>
    /// <param name="withTokens">Give the token ids too.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<TextChoice[]> GatherAsync(
        CombinedGeneration generation, CompletionChoices choices, int wanted, bool withTokens, CancellationToken cancellationToken)
    {
        List<TextChoice>[] pieces = [.. Enumerable.Range(0, choices.Count).Select(_ => new List<TextChoice>())];
        await GenerationReader.ReadToEndAsync(generation, item => pieces[item.Index].AddRange(choices.Map(item)), cancellationToken);
        var answers = new List<TextChoice>();
        int first = 0;
        foreach (Generation part in generation.Parts)
        {
            (int start, int numbered) = (first, answers.Count);
            IEnumerable<int> best = Enumerable.Range(0, part.Sequences.Length)
                .OrderByDescending(i => wanted < part.Sequences.Length ? MeanLogprob(part.Sequences[i]) : 0)
                .Take(wanted);
            answers.AddRange(best.Select((i, rank) => Join(pieces[start + i], numbered + rank) with
            {
                TokenIds = withTokens ? part.Sequences[i].TokenIds : null,
            }));
            first += part.Sequences.Length;
        }
        return [.. answers];
    }

    private static double MeanLogprob(SequenceProgress sequence) => sequence.SumLogprobs / Math.Max(1, sequence.TokenIds.Count);

    private static TextChoice Join(List<TextChoice> pieces, int index)
    {
        var text = new StringBuilder();
        foreach (TextChoice piece in pieces)
            text.Append(piece.Text);
        TextLogprobs[] logprobs = [.. pieces.Select(p => p.Logprobs).OfType<TextLogprobs>()];
        return new TextChoice
        {
            Index = index,
            Text = text.ToString(),
            FinishReason = pieces.Count == 0 ? "stop" : pieces[^1].FinishReason,
            Logprobs = logprobs.Length == 0 ? null : new TextLogprobs
            {
                Tokens = [.. logprobs.SelectMany(l => l.Tokens)],
                TokenLogprobs = [.. logprobs.SelectMany(l => l.TokenLogprobs)],
                TopLogprobs = [.. logprobs.SelectMany(l => l.TopLogprobs)],
                TextOffset = [.. logprobs.SelectMany(l => l.TextOffset)],
            },
        };
    }
}
