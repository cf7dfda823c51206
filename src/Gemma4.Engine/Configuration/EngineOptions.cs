using System.ComponentModel.DataAnnotations;

namespace Gemma4.Engine.Configuration;

/// <summary>How much the engine takes on at once, and with how much memory.</summary>
public sealed class EngineOptions : IValidatableObject
{
    /// <summary>Tokens that a sequence may have, prompt and output together; null takes the model's own limit.</summary>
    [Range(2, int.MaxValue)]
    public int? MaxContextLength { get; set; }

    /// <summary>Sequences that may share a step.</summary>
    [Range(1, 4096)]
    public int MaxSequences { get; set; } = 128;

    /// <summary>Tokens a step computes at most, over all sequences.</summary>
    [Range(1, 1 << 20)]
    public int MaxTokensPerStep { get; set; } = 2048;

    /// <summary>How long a step should take while answers are being written: prompts are read in pieces that fit beside their next tokens, and
    /// get as much time as those where they alone take longer. A larger one reads prompts faster, a smaller one keeps text more even.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan TargetStepTime { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Time that a step may work on images and audio clips, as a share of the time its text took: 0.5 lets the text of others take half
    /// as long again while media are encoded. Where no text is computed there is no limit.</summary>
    [Range(0.01, 100)]
    public double EncoderTimeShare { get; set; } = 0.5;

    /// <summary>Soft tokens of images that go through the vision tower together; one is always allowed. More makes better use of a large GPU
    /// where images are small, and lets the first of them wait for the last.</summary>
    [Range(1, 1 << 20)]
    public int MaxEncoderTokensPerPass { get; set; } = 280;

    /// <summary>Bytes of encoded images and audio clips kept for requests that show the same ones again.</summary>
    [Range(0, long.MaxValue)]
    public long EncoderCacheBytes { get; set; } = 256L << 20;

    /// <summary>Requests that may wait for their first step; more are refused as <c>QueueFull</c>.</summary>
    [Range(1, 1 << 20)]
    public int MaxQueuedRequests { get; set; } = 512;

    /// <summary>KV positions in a block, a power of two.</summary>
    [Range(1, 1024)]
    public int BlockSize { get; set; } = 16;

    /// <summary>Bytes of the KV cache, taken once at start; null lets the runner choose from free memory.</summary>
    [Range(1, long.MaxValue)]
    public long? KvCacheBytes { get; set; }

    /// <summary>Bytes that weights, KV cache and work may take together; null allows what the machine, the container or the device has, but for a
    /// twentieth. A model that needs more is refused before it is loaded.</summary>
    [Range(1, long.MaxValue)]
    public long? MemoryBudgetBytes { get; set; }

    /// <summary>Length of the sequences that the memory is split for, between layers that keep all and layers that keep a window.</summary>
    [Range(1, int.MaxValue)]
    public int TypicalSequenceTokens { get; set; } = 4096;

    /// <summary>Whether prompts that begin alike share what was computed.</summary>
    public bool PrefixCache { get; set; } = true;

    /// <summary>Steps that may fail in a row before the engine gives up.</summary>
    [Range(1, 1000)]
    public int MaxConsecutiveFaults { get; set; } = 3;

    /// <summary>How long a step may take before its sequences end with an error and the engine counts as stalled: a second to a day, or zero for
    /// ever. Longer than any honest step: nothing can be said of one that is only slow.</summary>
    public TimeSpan StepTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (MaxTokensPerStep < MaxSequences)
        {
            yield return new ValidationResult(
                $"{nameof(MaxTokensPerStep)} ({MaxTokensPerStep}) must be at least {nameof(MaxSequences)} ({MaxSequences}), so that every "
                + $"running sequence gets its next token in each step. Raise {nameof(MaxTokensPerStep)} or lower {nameof(MaxSequences)}.",
                [nameof(MaxTokensPerStep), nameof(MaxSequences)]);
        }
        if (StepTimeout != TimeSpan.Zero && (StepTimeout < TimeSpan.FromSeconds(1) || StepTimeout > TimeSpan.FromDays(1)))
        {
            yield return new ValidationResult(
                $"{nameof(StepTimeout)} ({StepTimeout}) must be a second to a day, or zero to wait for ever; 00:10:00 is a good value.", [nameof(StepTimeout)]);
        }
        if (!int.IsPow2(BlockSize))
        {
            yield return new ValidationResult(
                $"{nameof(BlockSize)} ({BlockSize}) must be a power of two; 16 and 32 are good values.", [nameof(BlockSize)]);
        }
    }
}
