using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.KvCache;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Execution;

/// <summary>How many bytes the KV cache gets where the user sets none.</summary>
internal static partial class KvMemory
{
    /// <summary>Share of a CUDA card left for activations and libraries.</summary>
    private const double DeviceReserve = 0.1;

    /// <summary>Share of host memory that the cache may take.</summary>
    private const double HostShare = 0.25;

    /// <summary>The bytes that the options name, or what could ever be used, or what memory allows: the smallest.</summary>
    /// <param name="groups">The model's groups.</param>
    /// <param name="options">The options.</param>
    /// <param name="maxContextLength">Tokens of the longest sequence.</param>
    /// <param name="device">Where the cache will lie; the weights lie there already.</param>
    public static long Budget(ImmutableArray<KvGroupSpec> groups, EngineOptions options, int maxContextLength, Device device)
    {
        if (options.KvCacheBytes is { } bytes)
            return bytes;
        int typical = Math.Min(options.TypicalSequenceTokens, maxContextLength);
        long useful = KvBudget.Cost(groups, maxContextLength, options.MaxTokensPerStep, options.BlockSize)
            + (options.MaxSequences - 1) * KvBudget.Cost(groups, typical, 1, options.BlockSize);
        return device.type == DeviceType.CUDA ? OnDevice() : Math.Min(useful, OnHost());
    }

    /// <summary>Counts the container's limit, where there is one.</summary>
    private static long OnHost() => (long)(HostShare * GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    private static long OnDevice()
    {
        int status = MemGetInfo(out nuint free, out nuint total);
        if (status != 0)
            throw new InvalidOperationException($"cudaMemGetInfo failed with {status}. Set the KV cache's size with --kv-cache-bytes.");
        return (long)Math.Max(0, free - DeviceReserve * total);
    }

    [LibraryImport("libcudart.so.12", EntryPoint = "cudaMemGetInfo")]
    private static partial int MemGetInfo(out nuint free, out nuint total);
}
