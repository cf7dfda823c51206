namespace Gemma4.Server.Metrics;

/// <summary>How a request ended. Of a request with several sequences the one named last here counts.</summary>
internal enum Outcome
{
    /// <summary>The model ended its answer, or a stop string did.</summary>
    Stop,

    /// <summary>The same, and it called tools.</summary>
    ToolCalls,

    /// <summary>The token limit cut it.</summary>
    Length,

    /// <summary>The client left, or the server stopped.</summary>
    Aborted,

    /// <summary>The request is at fault, or the server takes no more.</summary>
    Refused,

    /// <summary>The server is at fault.</summary>
    Error,
}
