namespace Gemma4.Engine.Audio;

/// <summary>Cuts a long audio clip into pieces of at most 30 s where it is quietest, so that few words are cut in two.</summary>
internal static class AudioWindows
{
    private const int Earliest = LogMel.MaxSamples - 5 * LogMel.SampleRate;
    private const int Block = LogMel.SampleRate / 100; // 10 ms
    private const int Pause = 10; // blocks: a pause of 100 ms

    /// <summary>Start and length of each piece, in samples; together they are the audio.</summary>
    public static IEnumerable<(int Start, int Length)> Cut(ReadOnlySpan<float> samples)
    {
        var pieces = new List<(int, int)>();
        int start = 0;
        while (samples.Length - start > LogMel.MaxSamples)
        {
            // A second is left over at least: a piece of a few samples would have no frames.
            int latest = Math.Min(LogMel.MaxSamples, samples.Length - start - LogMel.SampleRate);
            int length = Earliest + Quietest(samples.Slice(start + Earliest, latest - Earliest));
            pieces.Add((start, length));
            start += length;
        }
        pieces.Add((start, samples.Length - start));
        return pieces;
    }

    /// <summary>The middle of the 100 ms of least energy; the last such place where several are equal.</summary>
    private static int Quietest(ReadOnlySpan<float> samples)
    {
        var energy = new double[samples.Length / Block];
        for (int b = 0; b < energy.Length; b++)
        {
            foreach (float s in samples.Slice(b * Block, Block))
                energy[b] += (double)s * s;
        }
        int best = 0;
        double least = double.PositiveInfinity;
        for (int b = 0; b + Pause <= energy.Length; b++)
        {
            double sum = 0;
            for (int k = 0; k < Pause; k++)
                sum += energy[b + k];
            if (sum <= least)
                (least, best) = (sum, b);
        }
        return (best + Pause / 2) * Block;
    }
}
