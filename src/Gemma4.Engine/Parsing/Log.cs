using Microsoft.Extensions.Logging;

namespace Gemma4.Engine.Parsing;

/// <summary>What the parser logs: that something was irregular, never what the model wrote.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 5001, Level = LogLevel.Information,
        Message = "The answer of {RequestId} was irregular and was mended: {Irregularities}")]
    public static partial void AnswerMended(ILogger logger, string requestId, string irregularities);

    [LoggerMessage(EventId = 5002, Level = LogLevel.Warning,
        Message = "A tool call in the answer of {RequestId} could not be read and was passed on as text: {Irregularities}")]
    public static partial void CallNotRead(ILogger logger, string requestId, string irregularities);
}
