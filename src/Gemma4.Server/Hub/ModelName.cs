using System.Text.RegularExpressions;

namespace Gemma4.Server.Hub;

/// <summary>A model's name on the hub: <c>organisation/name</c>, with <c>:QUANTISATION</c> for one of several GGUF files and <c>@revision</c> for a branch,
/// tag or commit.</summary>
/// <param name="Repository"><c>organisation/name</c>.</param>
/// <param name="Quantization">What the name of the GGUF file has to carry, such as <c>Q4_K_M</c>; null where none was asked for.</param>
/// <param name="Revision">Branch, tag or commit.</param>
internal sealed partial record ModelName(string Repository, string? Quantization, string Revision)
{
    /// <summary>The branch that is meant where none is named.</summary>
    public const string DefaultRevision = "main";

    private const int MaxRevisionLength = 255;

    /// <summary>Whether the revision is a commit, which never changes.</summary>
    public bool IsCommit => Commit().IsMatch(Revision);

    /// <summary>Reads a name.</summary>
    /// <param name="text">As the user wrote it.</param>
    /// <param name="revision">The revision where the name has none; null for the default one.</param>
    /// <returns>Null where it is no name, but perhaps a path.</returns>
    /// <remarks>The hub's own rules for names: letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, at most 96, neither <c>--</c> nor <c>..</c>, no <c>.git</c>
    /// at the end (huggingface_hub, <c>utils/_validators.py</c>).</remarks>
    public static ModelName? TryParse(string text, string? revision = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        Match match = Name().Match(text);
        if (!match.Success)
            return null;
        string repository = match.Groups["repository"].Value;
        string named = match.Groups["revision"] is { Success: true } own ? own.Value : string.IsNullOrEmpty(revision) ? DefaultRevision : revision;
        bool isName = !repository.Contains("--", StringComparison.Ordinal) && !repository.Contains("..", StringComparison.Ordinal)
            && !repository.EndsWith(".git", StringComparison.Ordinal) && !repository.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);
        return isName && IsRevision(named) ? new ModelName(repository, match.Groups["quantization"] is { Success: true } q ? q.Value : null, named) : null;
    }

    /// <summary>Whether a text can be a revision. It becomes the name of a file below <c>refs</c>.</summary>
    public static bool IsRevision(string text) => text.Length <= MaxRevisionLength && RevisionName().IsMatch(text)
        && !Array.Exists(text.Split('/'), part => part is "" or "." or "..");

    /// <summary>As it is written.</summary>
    public override string ToString() =>
        Repository + (Quantization is null ? "" : $":{Quantization}") + (Revision == DefaultRevision ? "" : $"@{Revision}");

    [GeneratedRegex(@"^(?<repository>[A-Za-z0-9_](?:[\w.-]{0,94}[A-Za-z0-9_])?/[A-Za-z0-9_](?:[\w.-]{0,94}[A-Za-z0-9_])?)(?::(?<quantization>[A-Za-z0-9][\w.-]{0,63}))?(?:@(?<revision>[^@:\s]{1,255}))?\z", RegexOptions.ECMAScript)]
    private static partial Regex Name();

    [GeneratedRegex(@"^[\w.+@/-]+\z", RegexOptions.ECMAScript)]
    private static partial Regex RevisionName();

    [GeneratedRegex(@"^[0-9a-f]{40}\z")]
    private static partial Regex Commit();
}
