using System.Collections.Immutable;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Tokenization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gemma4.Engine.Parsing;

/// <summary>
/// Makes events of one sequence's tokens: thoughts, tool calls and content, the same whether they are asked for token by token or all
/// at once. Works on ids: text that only spells a control token is text.
/// </summary>
/// <remarks>
/// Nothing is lost and nothing is an error: every character of ordinary text comes out as content, thought or argument. A malformed call
/// is mended where it has one meaning and is content otherwise; <see cref="Irregularities"/> counts both. Serves one sequence; not
/// thread-safe.
/// </remarks>
public sealed class OutputParser
{
    private readonly ParserOptions _options;
    private readonly Tokenizer _tokenizer;
    private readonly IncrementalDetokenizer _detokenizer;
    private readonly ControlTokenIds? _controls;
    private readonly LogprobLedger _logprobs = new();
    private readonly EventSink _events;
    private readonly ContentWriter _content;
    private readonly AnswerMachine _machine;
    private int _numTokens;

    /// <summary>Starts in the state that the prompt's tail implies.</summary>
    /// <param name="tokenizer">Of the model.</param>
    /// <param name="options">How to read.</param>
    /// <exception cref="ArgumentException">A stop string is empty.</exception>
    public OutputParser(Tokenizer tokenizer, ParserOptions options)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(options);
        if (options.StopStrings.Any(string.IsNullOrEmpty))
            throw new ArgumentException("a stop string is empty", nameof(options));
        _options = options;
        _tokenizer = tokenizer;
        _detokenizer = new IncrementalDetokenizer(tokenizer, options.SkipSpecialTokens);
        _controls = options.IsChat ? new ControlTokenIds(tokenizer.Special) : null;
        _events = new EventSink(_logprobs);
        _content = new ContentWriter(options.StopStrings, options.IncludeStopString, _events);
        AnswerStart start = options.IsChat
            ? AnswerStart.After(options.PromptTokenIds.AsSpan(), tokenizer)
            : new AnswerStart(AnswerStartKind.Continuation);
        _machine = new AnswerMachine(options.IsChat ? options : options with { Tools = [], Thinking = false }, start, _events, _content);
    }

    /// <summary>True once <see cref="GenerationEvent.Finished"/> was given. If the sequence still runs then (a stop string matched),
    /// the caller aborts it.</summary>
    public bool IsFinished { get; private set; }

    /// <summary>How often the answer was irregular so far, by kind.</summary>
    public IReadOnlyDictionary<OutputIrregularity, int> Irregularities => _machine.Irregularities.Counts;

    /// <summary>Reads one event of the sequence.</summary>
    /// <returns>What is now certain, in order; often nothing. Nothing at all once finished.</returns>
    public IReadOnlyList<GenerationEvent> Append(TokenEvent tokenEvent)
    {
        if (IsFinished)
            return [];
        if (tokenEvent.TokenId is { } id)
            ReadToken(id, tokenEvent);
        if (_machine.IsStopped)
            Finish(FinishReason.Stop, in tokenEvent);
        else if (tokenEvent.FinishReason is { } reason)
            Finish(reason, in tokenEvent);
        IReadOnlyList<GenerationEvent> events = _events.Take();
        if (_machine.IsDecided)
            _logprobs.Forget();
        return events;
    }

    /// <summary>Logs and counts what was irregular. Once, at the end.</summary>
    /// <param name="requestId">Names the request in the log.</param>
    /// <param name="logger">Where to log; null for nowhere.</param>
    /// <param name="metrics">Where to count; null for nowhere.</param>
    public void Report(string requestId, ILogger? logger, ParserMetrics? metrics)
    {
        if (Irregularities.Count == 0)
            return;
        string summary = string.Join(", ", Irregularities.Select(i => $"{i.Key} × {i.Value}"));
        if (Irregularities.ContainsKey(OutputIrregularity.CallAsContent) || Irregularities.ContainsKey(OutputIrregularity.AbandonedCall))
            Log.CallNotRead(logger ?? NullLogger.Instance, requestId, summary);
        else
            Log.AnswerMended(logger ?? NullLogger.Instance, requestId, summary);
        foreach ((OutputIrregularity kind, int count) in Irregularities)
            metrics?.Count(kind, count);
    }

    private void ReadToken(int id, TokenEvent tokenEvent)
    {
        _content.LooksForStops = ++_numTokens > _options.MinTokens;
        bool isStopToken = tokenEvent.FinishReason == FinishReason.Stop && _options.StopTokenIds.Contains(id);
        if (isStopToken && !_options.IncludeStopString)
            return;
        ControlToken control = isStopToken ? ControlToken.None : _controls?[id] ?? ControlToken.None;
        if (control == ControlToken.None)
        {
            _logprobs.Add(id, tokenEvent.Logprobs);
            ReadText(_detokenizer.Append(id));
            return;
        }
        ReadText(_detokenizer.Flush());
        _logprobs.Add(id, tokenEvent.Logprobs);
        _machine.Read(AnswerSymbol.Of(control, _logprobs.Group));
        _logprobs.EndGroup();
    }

    private void ReadText(string text)
    {
        if (text.Length == 0)
            return;
        foreach (char c in text)
            _machine.Read(AnswerSymbol.Of(c, _logprobs.Group));
        _logprobs.EndGroup();
    }

    private void Finish(FinishReason reason, in TokenEvent last)
    {
        if (!_machine.IsStopped)
        {
            ReadText(_detokenizer.Flush());
            _machine.End(isCutOff: reason == FinishReason.Length);
        }
        string? stopString = _content.StopString;
        _events.Add(stopString is null && reason == last.FinishReason
            ? new GenerationEvent.Finished(reason, null, last.Error, last.Rejection)
            : new GenerationEvent.Finished(FinishReason.Stop, stopString));
        IsFinished = true;
    }
}
