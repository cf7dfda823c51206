using Gemma4.Engine.Execution;
using Microsoft.Extensions.Logging;

namespace Gemma4.Engine;

/// <summary>What the engine's thread says. Never a prompt or an answer.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 100, Level = LogLevel.Information, Message = "{KvCache}")]
    public static partial void EngineStarted(ILogger logger, string kvCache);

    [LoggerMessage(EventId = 107, Level = LogLevel.Information, Message = "Memory: {Memory}")]
    public static partial void MemoryNeeded(ILogger logger, MemoryForecast memory);

    [LoggerMessage(EventId = 106, Level = LogLevel.Information, Message = "Computing with {Backend}")]
    public static partial void Computing(ILogger logger, string backend);

    [LoggerMessage(EventId = 101, Level = LogLevel.Error, Message = "A step of {NumSequences} sequences and {NumTokens} tokens failed")]
    public static partial void StepFailed(ILogger logger, Exception fault, int numSequences, int numTokens);

    [LoggerMessage(EventId = 108, Level = LogLevel.Error, Message = "The step ran out of memory: sequence {SequenceIndex} of request {RequestId}, its largest, ends with an error, and the others are tried again")]
    public static partial void LargestEnded(ILogger logger, string requestId, int sequenceIndex);

    [LoggerMessage(EventId = 109, Level = LogLevel.Critical, Message = "A step has not ended in its time (Engine:StepTimeout): every sequence ends with an error and no request is taken until it comes back")]
    public static partial void StepHangs(ILogger logger);

    [LoggerMessage(EventId = 110, Level = LogLevel.Warning, Message = "The step that had not ended in its time came back")]
    public static partial void StepCameBack(ILogger logger);

    [LoggerMessage(EventId = 102, Level = LogLevel.Critical, Message = "The engine failed; every sequence ends with an error and no request is taken any more")]
    public static partial void EngineFailed(ILogger logger, Exception fault);

    [LoggerMessage(EventId = 103, Level = LogLevel.Error, Message = "Sequence {SequenceIndex} of request {RequestId} failed; it ends with an error")]
    public static partial void SequenceFailed(ILogger logger, Exception fault, string requestId, int sequenceIndex);

    [LoggerMessage(EventId = 105, Level = LogLevel.Information, Message = "What request {RequestId} asks for cannot be done; its sequence {SequenceIndex} ends with the error {Code}")]
    public static partial void SequenceRefused(ILogger logger, string requestId, int sequenceIndex, string? code);

    [LoggerMessage(EventId = 104, Level = LogLevel.Error, Message = "Medium {MediaIndex} of request {RequestId} could not be encoded; the sequence ends with an error")]
    public static partial void MediaFailed(ILogger logger, Exception fault, int mediaIndex, string requestId);
}
