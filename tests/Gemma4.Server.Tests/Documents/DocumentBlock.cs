namespace Gemma4.Server.Tests.Documents;

/// <summary>A fenced block of a document.</summary>
/// <param name="File">The document, from the repository's root.</param>
/// <param name="Line">Where it begins.</param>
/// <param name="Language">What stands behind the fence.</param>
/// <param name="Text">What is in it.</param>
/// <param name="After">The first line of text behind it.</param>
internal sealed record DocumentBlock(string File, int Line, string Language, string Text, string After)
{
    private const int ShownLength = 100;

    /// <summary>By which tests and lists name it: its first line, which stays the same when lines before it come or go.</summary>
    public string FirstLine => Text.Split('\n')[0] is { Length: > ShownLength } line ? line[..ShownLength] : Text.Split('\n')[0];

    /// <summary>The name of a test about it.</summary>
    public string Name => $"{File}: {FirstLine}";

    /// <summary>The answer that the document promises: the code in a line that begins with <c>answers</c>, right behind the block.</summary>
    public string? PromisedAnswer => After.StartsWith("answers `", StringComparison.Ordinal) ? After.Split('`')[1] : null;
}
