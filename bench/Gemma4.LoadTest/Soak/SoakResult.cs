namespace Gemma4.LoadTest.Soak;

/// <summary>One request, as its client saw it.</summary>
/// <param name="Kind">What was asked.</param>
/// <param name="End">What became of it.</param>
internal sealed record SoakResult(string Kind, SoakEnd End)
{
    /// <summary>Whether the answer is the one that the same request got alone; null where it was not compared.</summary>
    public bool? IsEqual { get; init; }

    /// <summary>From sending to the first bytes of the answer's body.</summary>
    public TimeSpan FirstBytes { get; init; }

    /// <summary>From sending to its end.</summary>
    public TimeSpan Time { get; init; }

    /// <summary>What was wrong, or differed.</summary>
    public string? Detail { get; init; }
}
