namespace Gemma4.LoadTest.Soak;

/// <summary>What became of a request.</summary>
internal enum SoakEnd
{
    /// <summary>A whole and valid answer.</summary>
    Answered,

    /// <summary>429 with <c>retry-after</c>, before any work.</summary>
    Refused,

    /// <summary>503, or an error frame in an answer that had begun, while the server stopped or started.</summary>
    Stopped,

    /// <summary>No connection, or one that was closed before an answer began, while the server was down.</summary>
    NotTaken,

    /// <summary>The client left, as it meant to.</summary>
    Left,

    /// <summary>Anything else: neither a valid answer nor a clear error.</summary>
    Wrong,
}
