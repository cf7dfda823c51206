using Gemma4.Server.Errors;

namespace Gemma4.Server.Pipeline;

/// <summary>Breaks the connection of an answer that was cut: some clients ignore an error frame, but none takes a broken connection for
/// a complete answer.</summary>
/// <remarks>An exception is how Kestrel is told to send what was written and then to close without the closing chunk; aborting the connection
/// could lose what was written. It is thrown outside of all that logs, and Kestrel's own report of it is left out of the log.</remarks>
internal sealed class CutMiddleware(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        await next(context);
        if (context.Features.Get<Ending>() is { IsCut: true } ending)
            throw new AnswerCutException(ending.Words);
    }
}

/// <summary>An answer ended before it was whole; all there is to log of it has been logged.</summary>
internal sealed class AnswerCutException(string message) : Exception(message);
