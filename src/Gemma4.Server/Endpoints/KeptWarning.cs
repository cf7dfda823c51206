namespace Gemma4.Server.Endpoints;

/// <summary>The header of an answer that was to be kept and is not; a stream, whose headers are gone by then, says it in its last event alone.</summary>
internal static class KeptWarning
{
    private const string Text = "299 - \"the answer is not kept: it cannot be asked for or gone on from later\"";

    /// <summary>Adds it.</summary>
    public static void Add(HttpContext context) => context.Response.Headers.Append("Warning", Text);
}
