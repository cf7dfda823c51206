using System.Buffers.Binary;
using System.Diagnostics;
using Gemma4.Engine.Audio;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Tests.Audio;
using Gemma4.Engine.Tests.Vision;
using Gemma4.Engine.Vision;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests;

/// <summary>
/// Mutates valid files of every kind for a bounded time. A mutant may be read or refused; nothing else may happen: no other exception,
/// no crash of a native decoder, no hang, no memory beyond the limits. Mutant n is made with the seed n, from <c>GEMMA4_FUZZ_SEED</c> (0 by
/// default) on, for <c>GEMMA4_FUZZ_SECONDS</c> a kind (0.5 by default). A failure tells its seed; after a crash it is in the file
/// <c>gemma4-fuzz-(kind)</c> of the temporary folder.
/// </summary>
public sealed class MediaFuzzTests
{
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(30);

    private static readonly ImageLimits SmallImages = new() { MaxPixels = 300_000, MaxSide = 4_000 };
    private static readonly AudioLimits SmallAudio = new() { MaxDuration = TimeSpan.FromSeconds(30) };

    public static TheoryData<string> Images() => [.. ValidImages.All.Keys];

    public static TheoryData<string> Audios() => [.. ValidAudio.All.Keys];

    [Theory]
    [MemberData(nameof(Images))]
    public Task Mutated_image_is_read_or_refused(string kind) =>
        FuzzAsync(kind, ValidImages.All[kind], file => ImagePreprocessor.Prepare(file, 70, SmallImages));

    [Theory]
    [MemberData(nameof(Audios))]
    public Task Mutated_audio_is_read_or_refused(string kind) =>
        FuzzAsync(kind, ValidAudio.All[kind], file => AudioPreprocessor.Prepare(file, SmallAudio));

    [Fact]
    public void Every_kind_of_file_is_mutated()
    {
        string[] kinds = [.. ValidImages.All.Keys.Concat(ValidAudio.All.Keys).Select(k => k.Split(' ')[0]).Distinct().Order()];
        Assert.Equal(["bmp", "flac", "gif", "jpeg", "mp3", "opus", "png", "vorbis", "wav", "webp"], kinds);
    }

    private static async Task FuzzAsync(string kind, byte[] valid, Action<byte[]> read)
    {
        string trace = Path.Combine(Path.GetTempPath(), $"gemma4-fuzz-{kind.Replace(' ', '-')}");
        read(valid);
        int refused = 0, cases = 0;
        var clock = Stopwatch.StartNew();
        for (int seed = FileMutator.FirstSeed; clock.Elapsed < FileMutator.Budget; seed++, cases++)
        {
            await File.WriteAllTextAsync(trace, $"{seed}", TestContext.Current.CancellationToken);
            byte[] mutant = Mutate(valid, new Random(seed));
            Task<bool> running = Task.Run(() => IsRefused(mutant, read), TestContext.Current.CancellationToken);
            try
            {
                refused += await running.WaitAsync(Hang, TestContext.Current.CancellationToken) ? 1 : 0;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                throw new InvalidOperationException($"seed {seed} ({Convert.ToHexString(mutant.AsSpan(0, Math.Min(64, mutant.Length)))}…): {e.Message}", e);
            }
        }
        File.Delete(trace);
        TestContext.Current.TestOutputHelper?.WriteLine($"{kind}: seeds {FileMutator.FirstSeed} to {FileMutator.FirstSeed + cases - 1}, {refused} refused");
        Assert.True(cases > 5, $"only {cases} cases in {FileMutator.Budget}");
        Assert.True(refused > 0, "no mutant was refused: the mutations do not bite");
    }

    private static bool IsRefused(byte[] mutant, Action<byte[]> read)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool refused = false;
        try
        {
            read(mutant);
        }
        catch (RequestRejectedException e)
        {
            Assert.Equal(RejectionReason.InvalidMedia, e.Reason);
            refused = true;
        }
        // The largest honest answer: 30 s of samples and frames, their growing buffer and its copies.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64_000_000);
        return refused;
    }

    private static byte[] Mutate(byte[] valid, Random random)
    {
        byte[] mutant = FileMutator.Mutate(valid, random);
        if (random.Next(4) != 0) // most mutants pass the checksums, and reach what lies behind them
            RepairChecksums(mutant);
        return mutant;
    }

    private static void RepairChecksums(byte[] file)
    {
        if (file.AsSpan().StartsWith("OggS"u8))
            RepairOgg(file);
        else if (file.AsSpan().StartsWith("fLaC"u8))
            RepairFlac(file);
        else if (file.Length > 8 && file.AsSpan(1).StartsWith("PNG"u8))
            RepairPng(file);
    }

    private static void RepairOgg(byte[] file)
    {
        for (int at = 0; at + 27 <= file.Length && at + 27 + file[at + 26] <= file.Length;)
        {
            int size = 27 + file[at + 26] + file.AsSpan(at + 27, file[at + 26]).ToArray().Sum(b => b);
            if (size > file.Length - at)
                break;
            TestAudio.SetOggChecksum(file.AsSpan(at, size));
            at += size;
        }
    }

    /// <summary>A frame reaches to the next sync code; its header's checksum stands behind the numbers that the header announces.</summary>
    private static void RepairFlac(byte[] file)
    {
        ReadOnlySpan<byte> sync = [0xFF, 0xF8];
        int start = file.AsSpan().IndexOf(sync);
        while (start >= 0)
        {
            int next = file.AsSpan(start + 2).IndexOf(sync);
            Span<byte> frame = next < 0 ? file.AsSpan(start) : file.AsSpan(start, next + 2);
            if (frame.Length < 20)
                break;
            int numberBytes = Math.Max(1, System.Numerics.BitOperations.LeadingZeroCount(~((uint)frame[4] << 24)));
            int sizeBytes = (frame[2] >> 4) switch { 6 => 1, 7 => 2, _ => 0 }, rateBytes = (frame[2] & 15) switch { 12 => 1, 13 or 14 => 2, _ => 0 };
            int header = 4 + numberBytes + sizeBytes + rateBytes;
            frame[header] = (byte)FlacChecksum.Crc8(frame[..header]);
            BinaryPrimitives.WriteUInt16BigEndian(frame[^2..], (ushort)FlacChecksum.Crc16(frame[..^2]));
            start = next < 0 ? -1 : start + 2 + next;
        }
    }

    private static void RepairPng(byte[] file)
    {
        for (int at = 8; at + 12 <= file.Length;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at));
            if (length > file.Length - at - 12)
                break;
            BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(at + 8 + (int)length), TestImages.Crc32(file.AsSpan(at + 4, 4 + (int)length)));
            at += 12 + (int)length;
        }
    }
}
