using System.Collections.Immutable;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Sampling;

/// <summary>Finds out which of a request's wishes exclude each other where they leave no token to choose.</summary>
internal static class Exclusions
{
    /// <summary>The code of the refusal.</summary>
    public const string Code = "no_token_allowed";

    private delegate void Narrowing(Span<bool> allowed, in SamplingInputs inputs);

    private static readonly (string Field, Narrowing Narrow)[] Narrowings =
    [
        ("allowed_token_ids", static (allowed, in inputs) =>
        {
            if (inputs.Params.AllowedTokenIds.Length > 0)
                Keep(allowed, inputs.Params.AllowedTokenIds.AsSpan());
        }),
        ("bad_words", static (allowed, in inputs) =>
        {
            foreach (ImmutableArray<int> words in inputs.Params.BadWords)
            {
                if (inputs.TokenIds.EndsWith(words.AsSpan()[..^1]))
                    allowed[words[^1]] = false;
            }
        }),
        ("min_tokens", static (allowed, in inputs) => Forbid(allowed, inputs.ForbiddenTokenIds)),
        ("suppress_tokens of the model's generation_config.json", static (allowed, in inputs) => Forbid(allowed, inputs.Params.SuppressedTokenIds.AsSpan())),
        ("the format or the calls that the answer is held to", static (allowed, in inputs) =>
        {
            for (int id = 0; id < allowed.Length && inputs.Mask.Length > 0; id++)
                allowed[id] &= (inputs.Mask[id >> 5] >> (id & 31) & 1) != 0;
        }),
    ];

    /// <summary>Refuses the request if what it asks for leaves no token. Slow: only for when none is left.</summary>
    /// <param name="inputs">What was asked for.</param>
    /// <param name="vocabularySize">V.</param>
    /// <exception cref="RequestRejectedException">Names the fields.</exception>
    public static void ThrowIfAny(in SamplingInputs inputs, int vocabularySize)
    {
        List<int> culprits = [.. Enumerable.Range(0, Narrowings.Length)];
        bool[] allowed = new bool[vocabularySize];
        if (LeaveAny(culprits, allowed, inputs))
            return;
        // What can be left out without allowing a token is not at fault.
        for (int i = culprits.Count - 1; i >= 0; i--)
        {
            int tried = culprits[i];
            culprits.RemoveAt(i);
            if (LeaveAny(culprits, allowed, inputs))
                culprits.Insert(i, tried);
        }
        string[] fields = [.. culprits.Select(c => Narrowings[c].Field)];
        string what = fields.Length == 1
            ? $"{fields[0]} leaves no token that may come"
            : $"{string.Join(", ", fields[..^1])} and {fields[^1]} exclude each other: together they leave no token that may come";
        throw new RequestRejectedException(
            RejectionReason.InvalidRequest, $"{what} as token {inputs.NumOutputTokens + 1} of the answer. Change one of them.",
            ParamOf(fields), Code);
    }

    private static string? ParamOf(string[] fields) => fields.FirstOrDefault(f => !f.Contains(' '));

    private static bool LeaveAny(List<int> narrowings, bool[] allowed, in SamplingInputs inputs)
    {
        allowed.AsSpan().Fill(true);
        foreach (int narrowing in narrowings)
            Narrowings[narrowing].Narrow(allowed, inputs);
        return allowed.AsSpan().Contains(true);
    }

    private static void Keep(Span<bool> allowed, ReadOnlySpan<int> ids)
    {
        bool[] before = allowed.ToArray();
        allowed.Clear();
        foreach (int id in ids)
            allowed[id] = before[id];
    }

    private static void Forbid(Span<bool> allowed, ReadOnlySpan<int> ids)
    {
        foreach (int id in ids)
            allowed[id] = false;
    }
}
