using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Gemma4.Server.Hub;

/// <summary>Fetches one file into the cache: in parallel ranges, going on where an earlier try broke off, checked by its hash before it gets its name.</summary>
/// <remarks>The incomplete file has a name of our own: huggingface_hub, which finds <c>HASH.incomplete</c>, takes its length for what has arrived, and ours
/// has its full length from the start.</remarks>
internal sealed class BlobDownload(HubClient client, HubCache cache, HubSettings settings, HubLimits limits, TimeProvider time, IDownloadProgress progress)
{
    private const int BufferBytes = 128 << 10;

    /// <summary>A range whose tries bring at least this share of it each is not given up.</summary>
    private const int ShareThatCounts = 16;

    private long _arrived;

    /// <summary>Where the bytes of a file gather.</summary>
    public static string IncompleteOf(string blob) => blob + ".gemma4.incomplete";

    /// <summary>Which of them have arrived.</summary>
    public static string JournalOf(string blob) => blob + ".gemma4.ranges";

    /// <summary>Fetches a file, once. The caller holds its lock.</summary>
    /// <exception cref="HubException">It cannot be had, or not written.</exception>
    public async Task RunAsync(ModelName model, string commit, HubFile file, CancellationToken cancellationToken)
    {
        try
        {
            await FetchAsync(model, commit, file, Math.Min(limits.RangeBytes, Math.Max(1, file.Size)), cancellationToken);
        }
        catch (NoRangesException)
        {
            // A server between here and the hub sends whole files only: so be it, in one piece.
            Advance(-Interlocked.Read(ref _arrived));
            await FetchAsync(model, commit, file, file.Size, cancellationToken);
        }
        string blob = cache.BlobOf(model.Repository, file);
        File.Move(IncompleteOf(blob), blob, overwrite: true);
        File.Delete(JournalOf(blob));
    }

    private async Task FetchAsync(ModelName model, string commit, HubFile file, long rangeBytes, CancellationToken cancellationToken)
    {
        string blob = cache.BlobOf(model.Repository, file);
        bool isNew = !File.Exists(IncompleteOf(blob));
        if (isNew)
            File.Delete(JournalOf(blob));
        using var journal = RangeJournal.Open(JournalOf(blob), file.Size, rangeBytes);
        // A new one takes its whole room on the disk at once: full is full now, not after an hour.
        using SafeFileHandle output = File.OpenHandle(
            IncompleteOf(blob), isNew ? FileMode.CreateNew : FileMode.Open, FileAccess.ReadWrite, FileShare.Read, FileOptions.Asynchronous, isNew ? file.Size : 0);
        Advance(journal.DoneBytes);
        await Parallel.ForEachAsync(
            journal.Missing,
            new ParallelOptions { MaxDegreeOfParallelism = limits.ParallelRanges, CancellationToken = cancellationToken },
            async (range, cancelled) =>
            {
                await FetchRangeAsync(model, commit, file, output, journal.Start(range), journal.End(range), cancelled);
                journal.Add(range);
            });
        await CheckAsync(model, file, output, blob, cancellationToken);
        RandomAccess.FlushToDisk(output);
    }

    private async Task FetchRangeAsync(ModelName model, string commit, HubFile file, SafeFileHandle output, long start, long end, CancellationToken cancellationToken)
    {
        var retry = new HubRetry(limits, settings, time, progress);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (long at = start; at < end;)
            {
                long began = at;
                try
                {
                    await using HubBody body = await client.OpenAsync(model, commit, file, at, end, cancellationToken);
                    if (body.Start != at)
                    {
                        if (start > 0 || end < file.Size)
                            throw new NoRangesException();
                        Advance(body.Start - at);
                        at = began = body.Start;
                    }
                    while (at < end && await body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(BufferBytes, end - at)), cancellationToken) is > 0 and int read)
                    {
                        await RandomAccess.WriteAsync(output, buffer.AsMemory(0, read), at, cancellationToken);
                        at += read;
                        Advance(read);
                    }
                    if (at < end)
                        throw new TransientHubException($"The server ended {file.Name} {HubText.Bytes(end - at)} too early.");
                }
                catch (TransientHubException failure)
                {
                    if (at - began >= Math.Max(1, (end - start) / ShareThatCounts))
                        retry.Reset();
                    await retry.WaitAsync(failure, cancellationToken);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Refuses bytes that are not the file's, and keeps none of them: nobody knows which are wrong.</summary>
    private async Task CheckAsync(ModelName model, HubFile file, SafeFileHandle output, string blob, CancellationToken cancellationToken)
    {
        if (file.Size > limits.RangeBytes)
            progress.Note($"Checking {file.Name}.");
        if (RandomAccess.GetLength(output) == file.Size && await BlobHash.OfAsync(output, file.IsSha256, cancellationToken) == file.Hash)
            return;
        File.Delete(IncompleteOf(blob));
        File.Delete(JournalOf(blob));
        throw new HubException($"The bytes of {file.Path} are not those that {model.Repository} lists: their {(file.IsSha256 ? "SHA-256" : "hash")} is not {file.Hash}. They were discarded. "
            + "Start again; where it happens twice, something between here and the hub changes bytes (HF_ENDPOINT, HTTPS_PROXY).");
    }

    private void Advance(long bytes)
    {
        Interlocked.Add(ref _arrived, bytes);
        progress.Advance(bytes);
    }

    private sealed class NoRangesException : Exception;
}
