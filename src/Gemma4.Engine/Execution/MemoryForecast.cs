using System.Globalization;

namespace Gemma4.Engine.Execution;

/// <summary>The memory that serving a model takes, by part, as known before any of it is taken.</summary>
public sealed record MemoryForecast
{
    /// <summary>Bytes of weights that are made while loading: panels of quantised ones, and copies in another dtype.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Bytes of weights that are computed with where they lie in their files: page cache, which processes share.</summary>
    public required long MappedBytes { get; init; }

    /// <summary>Bytes of tables that stay in their files and are read row by row; no part of the total.</summary>
    public required long FileBytes { get; init; }

    /// <summary>Bytes of the KV cache when it is full.</summary>
    public required long KvCacheBytes { get; init; }

    /// <summary>Bytes of a KV cache that holds one sequence of the longest context beside all others of the typical length.</summary>
    public required long UsefulKvCacheBytes { get; init; }

    /// <summary>Bytes of the smallest KV cache that holds a sequence.</summary>
    public required long SmallestKvCacheBytes { get; init; }

    /// <summary>Bytes of the largest step's activations and logits, of images on their way through the tower, and of encoded media.</summary>
    public required long WorkBytes { get; init; }

    /// <summary>Bytes that may be taken: what the options allow, or what the machine, the container or the device has.</summary>
    public required long LimitBytes { get; init; }

    /// <summary>All that will be resident when the cache is full.</summary>
    public long TotalBytes => WeightBytes + MappedBytes + KvCacheBytes + WorkBytes;

    /// <summary>As people read it.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Gigabytes(TotalBytes)} of {Gigabytes(LimitBytes)}: weights {Gigabytes(WeightBytes + MappedBytes)} ({Gigabytes(MappedBytes)} of them mapped from their files), KV cache up to {Gigabytes(KvCacheBytes)}, work {Gigabytes(WorkBytes)}{(FileBytes > 0 ? $"; tables of {Gigabytes(FileBytes)} stay in their files" : "")}");

    /// <summary>Refuses what cannot fit.</summary>
    /// <exception cref="ArgumentException">It needs more than there is; says how much, and what takes less.</exception>
    public void RequireFit()
    {
        if (TotalBytes <= LimitBytes)
            return;
        throw new ArgumentException(
            $"The model does not fit: it needs {this}. Use fewer bits (--quantization int4, or a GGUF file in 4 bits), a smaller cache (--kv-cache-bytes, at least {SmallestKvCacheBytes}), "
            + "fewer tokens in a step (--max-tokens-per-step), or say with --memory-budget that there is more memory.");
    }

    private static string Gigabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.##} GB");
}
