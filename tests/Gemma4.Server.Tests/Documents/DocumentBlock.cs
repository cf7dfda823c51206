using System.Text.RegularExpressions;

namespace Gemma4.Server.Tests.Documents;

/// <summary>A fenced block of a document.</summary>
/// <param name="File">The document, from the repository's root.</param>
/// <param name="Line">Where it begins.</param>
/// <param name="Language">What stands behind the fence.</param>
/// <param name="Text">What is in it.</param>
/// <param name="After">The first line of text behind it.</param>
internal sealed partial record DocumentBlock(string File, int Line, string Language, string Text, string After)
{
    private const int ShownLength = 100;

    /// <summary>By which tests and lists name it: its first line without a comment, which stays the same when lines before it come or go.</summary>
    public string FirstLine
    {
        get
        {
            string line = Comment().Replace(Text.Split('\n')[0], "").TrimEnd();
            return line[..Math.Min(line.Length, ShownLength)];
        }
    }

    /// <summary>The name of a test about it; blocks of a document that begin alike are counted.</summary>
    public string Name => $"{File}: {FirstLine}{(Number > 1 ? $" ({Number})" : "")}";

    /// <summary>Which of the document's blocks that begin alike it is, from 1.</summary>
    public int Number { get; init; } = 1;

    /// <summary>The answer that the document promises: the code in a line that begins with <c>answers</c>, right behind the block.</summary>
    public string? PromisedAnswer => After.StartsWith("answers `", StringComparison.Ordinal) ? After.Split('`')[1] : null;

    [GeneratedRegex(@"\s+#.*$")]
    private static partial Regex Comment();
}
