namespace Gemma4.Conformance;

/// <summary>What came of one case.</summary>
/// <param name="Name">The case.</param>
/// <param name="Faults">What did not hold; empty when the case passed.</param>
/// <param name="Status">The answer's status; null when there was none.</param>
/// <param name="IsVerified">Whether OpenAI is known to behave so.</param>
/// <param name="Skipped">Why the case was not run; null when it was.</param>
internal sealed record CaseResult(string Name, IReadOnlyList<string> Faults, int? Status, bool IsVerified, string? Skipped = null)
{
    /// <summary>Run, and all held.</summary>
    public bool HasPassed => Skipped is null && Faults.Count == 0;
}
