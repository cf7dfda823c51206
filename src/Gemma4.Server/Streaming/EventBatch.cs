using System.Collections.Immutable;
using System.Text;
using Gemma4.Engine.Requests;

namespace Gemma4.Server.Streaming;

/// <summary>Events that are there at once. Neighbours of one kind within a sequence become one, so that a client that reads slowly gets few large
/// frames and catches up. One serves a whole stream, batch after batch.</summary>
internal sealed class EventBatch
{
    /// <summary>Most events of one batch, so that a frame stays small.</summary>
    private const int MaxEvents = 512;

    private readonly List<Run> _runs = [];
    private readonly Dictionary<int, int> _lastOfSequence = [];
    private readonly List<SequenceEvent> _events = [];
    private int _numAdded;

    /// <summary>Nothing was added.</summary>
    public bool IsEmpty => _runs.Count == 0;

    /// <summary>What follows belongs into the next batch.</summary>
    public bool IsFull => _numAdded >= MaxEvents;

    /// <summary>Adds what happened to a sequence.</summary>
    public void Add(int index, GenerationEvent next)
    {
        _numAdded++;
        if (_lastOfSequence.TryGetValue(index, out int last) && _runs[last].TryJoin(next))
            return;
        _lastOfSequence[index] = _runs.Count;
        _runs.Add(new Run(index, next));
    }

    /// <summary>Adds an event of another batch.</summary>
    public void Add(in SequenceEvent item)
    {
        Add(item.Index, item.Event);
        if (!item.Logprobs.IsEmpty)
            Add(item.Index, new GenerationEvent.Logprobs(item.Logprobs));
    }

    /// <summary>The events so far, in order within each sequence. Good until the next call; the batch is empty then.</summary>
    public IReadOnlyList<SequenceEvent> Take()
    {
        _events.Clear();
        foreach (Run run in _runs)
            _events.Add(run.ToEvent());
        _runs.Clear();
        _lastOfSequence.Clear();
        _numAdded = 0;
        return _events;
    }

    /// <summary>Neighbours of one kind. Most are one event, which is passed on as it is.</summary>
    private sealed class Run
    {
        private readonly int _index;
        private GenerationEvent? _first;
        private StringBuilder? _text;
        private ImmutableArray<(int TokenId, TokenLogprobs Logprobs)> _logprobs = [];

        public Run(int index, GenerationEvent first)
        {
            _index = index;
            TryJoin(first);
        }

        /// <summary>Log-probabilities join whatever content stands beside them; other events join their own kind.</summary>
        public bool TryJoin(GenerationEvent next)
        {
            if (next is GenerationEvent.Logprobs logprobs)
            {
                if (_first is not (null or GenerationEvent.Content))
                    return false;
                _logprobs = _logprobs.IsEmpty ? logprobs.Tokens : _logprobs.AddRange(logprobs.Tokens);
                return true;
            }
            if (_first is null)
            {
                _first = next;
                return true;
            }
            if (!Joins(_first, next))
                return false;
            _text ??= new StringBuilder(TextOf(_first));
            _text.Append(TextOf(next));
            return true;
        }

        public SequenceEvent ToEvent() => new(_index, Joined(), _logprobs);

        private GenerationEvent Joined() => (_first, _text) switch
        {
            (null, _) => new GenerationEvent.Content(""),
            (_, null) => _first,
            (GenerationEvent.Content, _) => new GenerationEvent.Content(_text.ToString()),
            (GenerationEvent.Reasoning, _) => new GenerationEvent.Reasoning(_text.ToString()),
            (GenerationEvent.ToolCallArguments arguments, _) => arguments with { Json = _text.ToString() },
            _ => _first,
        };

        private static bool Joins(GenerationEvent first, GenerationEvent next) => (first, next) switch
        {
            (GenerationEvent.Content, GenerationEvent.Content) => true,
            (GenerationEvent.Reasoning, GenerationEvent.Reasoning) => true,
            (GenerationEvent.ToolCallArguments a, GenerationEvent.ToolCallArguments b) => a.Index == b.Index,
            _ => false,
        };

        private static string? TextOf(GenerationEvent item) => item switch
        {
            GenerationEvent.Content content => content.Text,
            GenerationEvent.Reasoning reasoning => reasoning.Text,
            GenerationEvent.ToolCallArguments arguments => arguments.Json,
            _ => null,
        };
    }
}
