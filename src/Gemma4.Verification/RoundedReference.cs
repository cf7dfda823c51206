using Gemma4.Engine;
using System.Text.Json;
using Gemma4.Engine.Configuration;

namespace Gemma4.Verification;

/// <summary>How far the reference's own bfloat16 is from its float32 on one case, as <c>bfloat16.json</c> beside the cases records it.</summary>
/// <remarks>A model that rounds is held to that, and not to a fixed bar: how much one rounding is amplified differs from prompt to prompt.</remarks>
/// <param name="LogitsRms">Root mean square of the distance of the last position's logits.</param>
/// <param name="GreedySame">How many greedy tokens it says itself, fed those of float32.</param>
internal sealed record RoundedReference(float LogitsRms, int GreedySame)
{
    /// <summary>Other kernels round elsewhere, so their distance is another draw: it may be this many times the reference's.</summary>
    private const float MaxRmsRatio = 1.5f;

    /// <summary>Added to that, for cases on which the reference happens to be close.</summary>
    private const float MaxRmsExcess = 0.02f;

    /// <summary>Greedy tokens that may differ besides those on which the reference differs from itself.</summary>
    private const int MaxGreedyDifferences = 2;

    /// <summary>Compares logits with those of the reference in float32.</summary>
    public CaseCheck CheckLogits(string what, ReadOnlySpan<float> logits, ReadOnlySpan<float> expected)
    {
        double sum = logits.Length == expected.Length ? 0 : double.PositiveInfinity;
        for (int i = 0; i < Math.Min(logits.Length, expected.Length); i++)
            sum += ((double)logits[i] - expected[i]) * ((double)logits[i] - expected[i]);
        double rms = Math.Sqrt(sum / expected.Length), most = MaxRmsRatio * LogitsRms + MaxRmsExcess;
        return new CaseCheck(what, rms <= most, FormattableString.Invariant($"rms {rms:0.000} of {most:0.000}"));
    }

    /// <summary>Compares greedy tokens, each found behind the reference's tokens before it.</summary>
    public CaseCheck CheckGreedy(string what, ReadOnlySpan<int> tokens, ReadOnlySpan<int> expected)
    {
        int same = 0;
        for (int i = 0; i < Math.Min(tokens.Length, expected.Length); i++)
            same += tokens[i] == expected[i] ? 1 : 0;
        int least = GreedySame - MaxGreedyDifferences;
        return new CaseCheck(what, tokens.Length == expected.Length && same >= least, $"{same}/{expected.Length} of {least}");
    }

    /// <summary>Reads a file.</summary>
    /// <returns>By case; empty where there is no such file.</returns>
    public static IReadOnlyDictionary<string, RoundedReference> ReadAll(string file)
    {
        var cases = new Dictionary<string, RoundedReference>(StringComparer.Ordinal);
        if (!File.Exists(file))
            return cases;
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            foreach (JsonProperty entry in document.RootElement.EnumerateObject())
                cases.Add(entry.Name, new RoundedReference(entry.Value.GetProperty("logits_rms").GetSingle(), entry.Value.GetProperty("greedy_same").GetInt32()));
            return cases;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new CheckpointException(file, $"does not say how far bfloat16 is from float32: {e.Message}", e);
        }
    }
}
