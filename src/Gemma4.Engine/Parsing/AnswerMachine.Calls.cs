using System.Security.Cryptography;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Parsing;

/// <summary>Calls: read by a <see cref="CallReader"/>, held back until they are complete or shown to be text.</summary>
internal sealed partial class AnswerMachine
{
    private CallReader _reader = null!;     // set with the states that use it
    private string? _startedCallId;         // the call's start was passed on
    private int _numJsonSent;
    private int _numStartedCalls;

    private void BeginCall(AnswerSymbol marker)
    {
        _content.Flush();
        BeginReader(isMarked: true, State.Call);
        _held.Add(marker);
    }

    private void BeginReader(bool isMarked, State state)
    {
        _reader = new CallReader(_tools, isMarked);
        _startedCallId = null;
        _numJsonSent = 0;
        _state = state;
    }

    private void InCall(AnswerSymbol symbol)
    {
        if (symbol.Control == ControlToken.ToolCallEnd)
        {
            _held.Add(symbol);
            if (_reader.End() == ReadStatus.Complete)
                CompleteCall(numMarkers: 1);
            else
                RejectCall(State.Content);
        }
        else if (symbol.Control == ControlToken.ToolCallStart || symbol.Control.IsStop())
        {
            _input.Push(symbol);
            RejectCall(State.Content);
        }
        else
        {
            _held.Add(symbol);
            switch (_reader.Read(symbol))
            {
                case ReadStatus.Complete: CompleteCall(numMarkers: 1); break;
                case ReadStatus.Failed: RejectCall(State.UnreadableCall); break;
                default: SendProgress(); break;
            }
        }
    }

    private void SendProgress()
    {
        if (!_options.StreamToolArguments || _reader.Name is null)
            return;
        StartCall();
        SendJson();
    }

    private void StartCall()
    {
        if (_startedCallId is not null)
            return;
        _startedCallId = _options.NewCallId?.Invoke() ?? NewCallId();
        _events.Add(new GenerationEvent.ToolCallStarted(_numStartedCalls++, _startedCallId, _reader.Name!));
    }

    private void SendJson()
    {
        int length = _reader.Json!.Length - _numJsonSent;
        if (length == 0)
            return;
        _events.Add(new GenerationEvent.ToolCallArguments(_numStartedCalls - 1, _reader.Json.ToString(_numJsonSent, length)));
        _numJsonSent += length;
    }

    /// <summary>Passes the call on. What is held beyond it, the end marker for one, is read again.</summary>
    private void CompleteCall(int numMarkers)
    {
        _content.Flush();
        StartCall();
        SendJson();
        _events.Add(new GenerationEvent.ToolCallCompleted(_numStartedCalls - 1));
        NumCompletedCalls++;
        Irregularities.Add(_reader.Irregularities);
        _state = State.AfterCall;
        ReadAgain(_reader.NumRead + numMarkers);
    }

    /// <summary>The span is content, markers spelled out. An opening marker without text behind it is no more than stray.</summary>
    private void RejectCall(State next)
    {
        if (_held.All(s => !s.IsText || s.IsBlank))
        {
            DropMarker(_held[0]);
            _state = State.Content;
            _atLineStart = true;
            ReadAgain(1);
            return;
        }
        SpellCall(next);
    }

    private void SpellCall(State next)
    {
        Irregularities.Note(OutputIrregularity.CallAsContent);
        if (_startedCallId is not null)
            Irregularities.Note(OutputIrregularity.AbandonedCall);
        foreach (AnswerSymbol symbol in _held)
            _content.Append(symbol);
        _held.Clear();
        _state = next;
        _atLineStart = true;
    }

    /// <summary>The answer ends inside a call. Where the model ended it there, the call was never more than text, unless it was being passed on.
    /// Where the answer was cut off, it is a call, and stays as incomplete as it is.</summary>
    private void EndCall(bool isCutOff)
    {
        if (!isCutOff && _startedCallId is null)
        {
            SpellCall(State.Content);
            return;
        }
        Irregularities.Add(_reader.Irregularities);
        Irregularities.Note(OutputIrregularity.AbandonedCall);
        if (_reader.Name is null)
        {
            foreach (AnswerSymbol symbol in _held.Skip(1))      // all but the marker, which says no more than that a call was to come
                _content.Append(symbol);
        }
        else
        {
            StartCall();
            SendJson();
            string rest = _reader.Remainder;
            if (rest.Length > 0)
                _events.Add(new GenerationEvent.ToolCallArguments(_numStartedCalls - 1, rest));
        }
        _held.Clear();
        _state = State.Content;
    }

    private void InUnreadableCall(AnswerSymbol symbol)
    {
        if (symbol.Control == ControlToken.ToolCallStart || symbol.Control.IsStop())
        {
            _state = State.Content;
            _input.Push(symbol);
            return;
        }
        _content.Append(symbol);
        if (symbol.Control == ControlToken.ToolCallEnd)
        {
            _state = State.Content;
            _atLineStart = true;
        }
    }

    /// <summary>Up to the end marker, surplus brackets and blanks are dropped; anything else is no part of the call.</summary>
    private void AfterCall(AnswerSymbol symbol)
    {
        if (symbol.IsBlank)
        {
            _held.Add(symbol);
        }
        else if (symbol.IsText && symbol.Char is '}' or ']' or ')')
        {
            Irregularities.Note(OutputIrregularity.SurplusBrackets);
        }
        else if (symbol.Control == ControlToken.StringDelimiter)
        {
            Irregularities.Note(OutputIrregularity.DanglingDelimiter);
        }
        else if (symbol.Control == ControlToken.ToolCallEnd)
        {
            _held.Clear();
            _state = State.Content;
            _atLineStart = true;
        }
        else
        {
            Irregularities.Note(OutputIrregularity.CallWithoutEndMarker);
            _input.Push(symbol);
            _atLineStart = false;
            if (symbol.IsText)
            {
                ReadAgainAsContent();
                return;
            }
            _held.Clear();
            _state = State.Content;
        }
    }

    /// <summary>A line of content that begins like a call: held back until it is one, with a token in it that no text has.</summary>
    private void BeginCandidate(AnswerSymbol symbol)
    {
        BeginReader(isMarked: false, State.Candidate);
        InCandidate(symbol);
    }

    private void InCandidate(AnswerSymbol symbol)
    {
        bool isArgument = symbol.IsText || symbol.Control == ControlToken.StringDelimiter;
        if (!isArgument)
        {
            _input.Push(symbol);
            RejectCandidate();
            return;
        }
        _held.Add(symbol);
        switch (_reader.Read(symbol))
        {
            case ReadStatus.Complete when _held.Any(s => !s.IsText): CompleteCandidate(); break;
            case ReadStatus.Complete: _state = State.AfterCandidate; break;
            case ReadStatus.Failed: RejectCandidate(); break;
        }
    }

    private void AfterCandidate(AnswerSymbol symbol)
    {
        _held.Add(symbol);
        if (symbol.Control == ControlToken.ToolCallEnd)
            CompleteCandidate();
        else if (!symbol.IsBlank)
            RejectCandidate();
    }

    private void CompleteCandidate()
    {
        Irregularities.Note(OutputIrregularity.CallWithoutOpener);
        CompleteCall(numMarkers: 0);
    }

    /// <summary>It was text: its first character is content, the rest is read again (a later line may begin a call).</summary>
    private void RejectCandidate()
    {
        _content.Append(_held[0]);
        _atLineStart = false;
        _state = State.Content;
        ReadAgain(1);
    }

    private static string NewCallId() => "call_" + RandomNumberGenerator.GetString(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 24);
}
