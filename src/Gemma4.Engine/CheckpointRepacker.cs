using System.Globalization;
using Gemma4.Engine.Backends.Cpu;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Execution;
using Gemma4.Engine.Loading;
using Gemma4.Engine.Loading.Repacked;

namespace Gemma4.Engine;

/// <summary>Writes a checkpoint again with its weights quantised and laid as this program multiplies them, so that it is mapped and not packed at every start.</summary>
/// <remarks>
/// The result is a checkpoint of its own: GGUF stays GGUF, a folder stays a folder, and both compute what the original does with the same
/// <c>--quantization</c>, to the last bit. Its file of weights is named by the first digits of its SHA-256. The layout's version is part of it, and
/// a program with another layout refuses it.
/// </remarks>
public static class CheckpointRepacker
{
    private const int NameDigits = 12;

    /// <summary>Repacks. Blocks for as long as that takes.</summary>
    /// <param name="checkpoint">The original.</param>
    /// <param name="folder">The folder to make. It appears when it is complete: there must be nothing under this name, or an empty folder.</param>
    /// <param name="compute">Whose <see cref="ComputeOptions.Quantization"/> and threads count.</param>
    /// <param name="progress">Told as bytes are written.</param>
    /// <param name="cancelled">Ends the work; nothing is left behind.</param>
    /// <returns>The file of weights.</returns>
    /// <exception cref="CheckpointException">The original cannot be served, or has nothing to repack.</exception>
    /// <exception cref="IOException">The folder is not empty, cannot be written, or its disk has too little room: found before anything is written.</exception>
    public static string Write(
        Checkpoint checkpoint, string folder, ComputeOptions compute, IProgress<LoadProgress>? progress = null, CancellationToken cancelled = default) =>
        Write(checkpoint, folder, compute, static folder => new DriveInfo(folder).AvailableFreeSpace, progress, cancelled);

    /// <summary>The same, told by <paramref name="freeBytes"/> how much room the disk of a folder has.</summary>
    internal static string Write(
        Checkpoint checkpoint, string folder, ComputeOptions compute, Func<string, long> freeBytes, IProgress<LoadProgress>? progress, CancellationToken cancelled)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(compute);
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
            throw new IOException($"{folder} is there already and not empty. Name a folder that is not there yet.");
        string partial = $"{folder}.{Guid.NewGuid():N}.partial";
        try
        {
            Directory.CreateDirectory(partial);
            string name = Fill(partial, checkpoint, compute, freeBytes, progress, cancelled);
            if (Directory.Exists(folder))
                Directory.Delete(folder);
            Directory.Move(partial, folder);
            return Path.Combine(folder, name);
        }
        catch
        {
            if (Directory.Exists(partial))
                Directory.Delete(partial, recursive: true);
            throw;
        }
    }

    private static string Fill(
        string partial, Checkpoint checkpoint, ComputeOptions compute, Func<string, long> freeBytes, IProgress<LoadProgress>? progress, CancellationToken cancelled)
    {
        // The result is the CPU backend's own; where answers are computed makes no difference to it.
        using var backend = (CpuBackend)BackendFactory.Create(compute with { Backend = "cpu", Device = "cpu" });
        CheckpointTensors tensors = checkpoint.OpenTensors();
        RepackPlan plan = RepackPlan.Create(checkpoint.Config, tensors, backend.Quantization);
        if (plan.Panels.IsEmpty)
            throw new CheckpointException(checkpoint.Path, $"there is nothing to repack with --quantization {compute.Quantization}: its weights are floats, or repacked already. Try int8 or int4");
        using var weights = new CheckpointWeights(plan.Located, backend, progress: null);
        Repacking repacking = checkpoint.Repack(tensors, plan);
        CheckRoom(partial, repacking.Length + repacking.RestLength, freeBytes(partial));
        string path = Path.Combine(partial, "weights.partial"), hash;
        using (var writer = new RepackWriter(path, repacking.Length, backend, weights, progress, cancelled))
        {
            repacking.Write(writer);
            hash = writer.Complete();
        }
        string name = $"{repacking.Stem}-{hash[..NameDigits]}{repacking.Extension}";
        File.Move(path, Path.Combine(partial, name));
        repacking.WriteRest(partial, name);
        return name;
    }

    private static void CheckRoom(string folder, long needed, long free)
    {
        if (needed > free)
        {
            throw new IOException(string.Create(
                CultureInfo.InvariantCulture,
                $"The result takes {needed} bytes ({needed / 1e9:0.00} GB), and the disk of {Path.GetDirectoryName(folder)} has {free} free ({free / 1e9:0.00} GB). Free some, or name a folder on a larger disk."));
        }
    }
}
