using Gemma4.Engine;
using System.Globalization;

namespace Gemma4.Verification;

/// <summary>What one comparison of a case found.</summary>
/// <param name="What">Which quantity.</param>
/// <param name="Holds">Within its bar.</param>
/// <param name="Finding">The largest error, or what differs.</param>
internal sealed record CaseCheck(string What, bool Holds, string Finding)
{
    public static CaseCheck Of(string what, Deviation deviation) =>
        new(what, deviation.Holds, deviation.Error.ToString("0.0e-0", CultureInfo.InvariantCulture));
}

/// <summary>A case and all its comparisons.</summary>
internal sealed record CaseResult(string Case, IReadOnlyList<CaseCheck> Checks)
{
    public bool Holds => Checks.All(c => c.Holds);

    /// <summary>One line: verdict, case, and each quantity with its largest error; what fails is marked.</summary>
    public override string ToString() =>
        $"{(Holds ? "ok  " : "FAIL")} {Case,-28} {string.Join("  ", Checks.Select(c => $"{c.What} {c.Finding}{(c.Holds ? "" : " (!)")}"))}";
}
