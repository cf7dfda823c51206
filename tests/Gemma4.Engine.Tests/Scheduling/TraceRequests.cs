using System.Collections.Immutable;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;

namespace Gemma4.Engine.Tests.Scheduling;

/// <summary>Draws requests: shared and unshared prompts, media, several sequences, priorities, batches, salts, limits of all kinds.</summary>
internal sealed class TraceRequests(Random random, SchedulerLimits limits, int vocabularySize)
{
    private readonly List<GenerationRequest> _earlier = [];

    /// <summary>The next request.</summary>
    public GenerationRequest Next(int number)
    {
        GenerationRequest request = random.Next(2) == 0 && _earlier.Count > 0
            ? Continuation(_earlier[random.Next(_earlier.Count)])
            : Fresh();
        request = request with
        {
            Id = number.ToString(System.Globalization.CultureInfo.InvariantCulture),
            NumSequences = random.Next(4) == 0 ? random.Next(2, 5) : 1,
            MaxTokens = random.Next(10) switch { 0 => null, 1 => 0, _ => random.Next(1, 40) },
            MinTokens = random.Next(4) == 0 ? random.Next(10) : 0,
            StopTokenIds = random.Next(2) == 0 ? [random.Next(vocabularySize), random.Next(vocabularySize)] : [],
            Priority = random.Next(5) == 0 ? random.Next(-2, 3) : 0,
            IsBatch = random.Next(4) == 0,
            CacheSalt = random.Next(10) == 0 ? "salt" : null,
            PromptLogprobs = random.Next(10) == 0,
            Adapter = random.Next(6) == 0 ? new AdapterId(random.Next(2)) : null,
            Constraint = random.Next(3) == 0 ? new TraceConstraint(vocabularySize, random.Next(1, 60), () => random.Next(3) == 0) : null,
        };
        _earlier.Add(request);
        return request;
    }

    private GenerationRequest Fresh()
    {
        int length = random.Next(8) == 0 ? random.Next(1, 160) : random.Next(1, 60);
        return WithMedia(new GenerationRequest
        {
            Id = "",
            PromptTokenIds = [.. Tokens(length)],
            Sampling = new SamplingParams(),
        });
    }

    /// <summary>A prompt that begins as an earlier one did.</summary>
    private GenerationRequest Continuation(GenerationRequest earlier)
    {
        int shared = random.Next(1, earlier.PromptTokenIds.Length + 1);
        ImmutableArray<MediaItem> media = [.. earlier.Media.Where(m => m.FirstToken + m.NumSoftTokens <= shared)];
        // Same tokens, another image: must not be taken for the same prompt.
        if (media.Length > 0 && random.Next(3) == 0)
            media = media.SetItem(0, media[0] with { ContentHash = (UInt128)random.Next() });
        return earlier with
        {
            PromptTokenIds = [.. earlier.PromptTokenIds[..shared], .. Tokens(random.Next(20))],
            Media = media,
        };
    }

    private GenerationRequest WithMedia(GenerationRequest request)
    {
        if (random.Next(3) > 0)
            return request;
        var media = ImmutableArray.CreateBuilder<MediaItem>();
        int position = random.Next(5);
        while (position < request.PromptTokenIds.Length && media.Count < 6)
        {
            int most = limits.MediaIsBidirectional ? Math.Min(12, limits.MaxWholeSpan + 1) : 30;
            int tokens = Math.Min(random.Next(1, most + 1), request.PromptTokenIds.Length - position);
            media.Add(new MediaItem.Image(position, tokens, (UInt128)random.Next(8), default, 1));
            position += tokens + random.Next(6);
        }
        return request with { Media = media.ToImmutable() };
    }

    private IEnumerable<int> Tokens(int count)
    {
        for (int i = 0; i < count; i++)
            yield return random.Next(vocabularySize);
    }
}
