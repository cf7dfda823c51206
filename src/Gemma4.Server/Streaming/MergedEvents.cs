using System.Collections.Immutable;
using System.Text;
using Gemma4.Engine.Requests;

namespace Gemma4.Server.Streaming;

/// <summary>An event of a sequence in which pieces of one kind that followed each other are one, with its log-probabilities.</summary>
/// <param name="Index">Which sequence.</param>
/// <param name="Event">The event; never <see cref="GenerationEvent.Logprobs"/>.</param>
/// <param name="Logprobs">Of the tokens of this text; empty when there are none.</param>
internal readonly record struct MergedEvent(
    int Index, GenerationEvent Event, ImmutableArray<(int TokenId, TokenLogprobs Logprobs)> Logprobs);

/// <summary>Merges a batch of events, so that a client that reads slowly gets few large frames.</summary>
internal static class MergedEvents
{
    /// <summary>The same events in the same order within each sequence, neighbours of one kind joined.</summary>
    public static List<MergedEvent> Of(IReadOnlyList<SequenceEvent> events)
    {
        var runs = new List<Run>();
        var open = new Dictionary<int, Run>();
        foreach (SequenceEvent item in events)
        {
            Run? current = open.GetValueOrDefault(item.Index);
            if (current is not null && current.TryAdd(item.Event))
                continue;
            var run = new Run(item.Index, item.Event);
            runs.Add(run);
            open[item.Index] = run;
        }
        return [.. runs.Select(r => r.ToEvent())];
    }

    /// <summary>Reads a generation to its end, for an answer that is not streamed.</summary>
    public static async Task<List<MergedEvent>> ReadAsync(IGeneration generation, CancellationToken cancellationToken)
    {
        var events = new List<SequenceEvent>();
        await foreach (SequenceEvent item in generation.ReadAsync(cancellationToken))
            events.Add(item);
        return Of(events);
    }

    private sealed class Run
    {
        private readonly int _index;
        private readonly StringBuilder _text = new();
        private readonly ImmutableArray<(int, TokenLogprobs)>.Builder _logprobs = ImmutableArray.CreateBuilder<(int, TokenLogprobs)>();
        private GenerationEvent? _first;

        public Run(int index, GenerationEvent first)
        {
            _index = index;
            TryAdd(first);
        }

        /// <summary>Log-probabilities join whatever text stands beside them; other events join their own kind.</summary>
        public bool TryAdd(GenerationEvent next)
        {
            if (next is GenerationEvent.Logprobs logprobs)
            {
                if (_first is not (null or GenerationEvent.Content))
                    return false;
                _logprobs.AddRange(logprobs.Tokens);
                return true;
            }
            if (_first is not null && !Joins(_first, next))
                return false;
            _first ??= next;
            _text.Append(TextOf(next));
            return true;
        }

        public MergedEvent ToEvent() => new(_index, Joined(), _logprobs.ToImmutable());

        private GenerationEvent Joined() => _first switch
        {
            null or GenerationEvent.Content => new GenerationEvent.Content(_text.ToString()),
            GenerationEvent.Reasoning => new GenerationEvent.Reasoning(_text.ToString()),
            GenerationEvent.ToolCallArguments arguments => arguments with { Json = _text.ToString() },
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
