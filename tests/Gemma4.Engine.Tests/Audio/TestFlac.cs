using Gemma4.Engine.Audio;

namespace Gemma4.Engine.Tests.Audio;

/// <summary>A FLAC encoder that takes whichever way of coding a test wants.</summary>
public static class TestFlac
{
    /// <summary>How a channel is coded.</summary>
    public enum Coding
    {
        Constant,
        Verbatim,
        Fixed,
        Lpc,
        Escaped,
    }

    /// <summary>A whole file.</summary>
    /// <param name="channels">Samples of each channel.</param>
    /// <param name="bits">Bits of a sample.</param>
    /// <param name="rate">Samples a second.</param>
    /// <param name="coding">How every channel is coded.</param>
    /// <param name="layout">0 for independent channels, 8, 9 or 10 for the three stereo layouts.</param>
    /// <param name="wasted">Low bits, zero in all samples, that are left out.</param>
    public static byte[] Encode(long[][] channels, int bits, int rate, Coding coding, int layout = 0, int wasted = 0)
    {
        const int blockSize = 576;
        int total = channels[0].Length;
        var info = new BitWriter();
        info.Write(blockSize, 16);
        info.Write(blockSize, 16);
        info.Write(0, 48);
        info.Write((ulong)rate, 20);
        info.Write((ulong)channels.Length - 1, 3);
        info.Write((ulong)bits - 1, 5);
        info.Write((ulong)total, 36);
        var file = new List<byte>([.. "fLaC"u8, 0, 0, 0, 34, .. info.ToArray(), .. new byte[16], 0x84, 0, 0, 2, 1, 2]);
        for (int at = 0, number = 0; at < total; at += blockSize, number++)
            file.AddRange(Frame(channels, at, Math.Min(blockSize, total - at), number, bits, coding, layout, wasted));
        return [.. file];
    }

    /// <summary>Silence in frames of a few bytes, of unstated length.</summary>
    public static byte[] Silence(int rate, int channels, TimeSpan duration)
    {
        const int blockSize = 65_535;
        var info = new BitWriter();
        info.Write(blockSize, 16);
        info.Write(blockSize, 16);
        info.Write(0, 48);
        info.Write((ulong)rate, 20);
        info.Write((ulong)channels - 1, 3);
        info.Write(16 - 1, 5);
        info.Write(0, 36);
        var frame = new BitWriter();
        frame.Write(0x7FFC, 15);
        frame.Write(0, 1);
        frame.Write(7, 4); // the size follows in 16 bits
        frame.Write(0, 4);
        frame.Write((ulong)channels - 1, 4);
        frame.Write(0, 3 + 1 + 8);
        frame.Write(blockSize - 1, 16);
        frame.Write(FlacChecksum.Crc8(frame.ToArray()), 8);
        for (int c = 0; c < channels; c++)
            frame.Write(0, 8 + 16); // a constant
        frame.Write(FlacChecksum.Crc16(frame.ToArray()), 16);
        int frames = (int)(duration.TotalSeconds * rate / blockSize);
        return [.. "fLaC"u8, 0x80, 0, 0, 34, .. info.ToArray(), .. new byte[16], .. Enumerable.Repeat(frame.ToArray(), frames).SelectMany(f => f)];
    }

    private static byte[] Frame(long[][] channels, int at, int size, int number, int bits, Coding coding, int layout, int wasted)
    {
        var frame = new BitWriter();
        frame.Write(0x7FFC, 15);
        frame.Write(0, 1);
        frame.Write(7, 4); // the size follows in 16 bits
        frame.Write(0, 4);
        frame.Write(layout == 0 ? (ulong)channels.Length - 1 : (ulong)layout, 4);
        frame.Write(0, 3 + 1);
        if (number < 128)
            frame.Write((ulong)number, 8);
        else
            frame.Write((ulong)(0xC080 | (number >> 6 << 8) | (number & 0x3F)), 16);
        frame.Write((ulong)size - 1, 16);
        frame.Write(FlacChecksum.Crc8(frame.ToArray()), 8);
        long[][] parts = [.. channels.Select(c => c[at..(at + size)])];
        if (layout != 0)
        {
            long[] side = [.. parts[0].Zip(parts[1], (l, r) => l - r)];
            long[] mid = [.. parts[0].Zip(parts[1], (l, r) => (l + r) >> 1)];
            parts = layout switch { 8 => [parts[0], side], 9 => [side, parts[1]], _ => [mid, side] };
        }
        for (int c = 0; c < parts.Length; c++)
        {
            bool wide = layout == 9 ? c == 0 : layout != 0 && c == 1;
            Subframe(frame, parts[c], bits + (wide ? 1 : 0), coding, wasted);
        }
        frame.Align();
        frame.Write(FlacChecksum.Crc16(frame.ToArray()), 16);
        return frame.ToArray();
    }

    private static void Subframe(BitWriter frame, long[] samples, int bits, Coding coding, int wasted)
    {
        int order = Math.Min(coding is Coding.Fixed or Coding.Escaped ? 3 : 2, samples.Length);
        frame.Write(0, 1);
        frame.Write(coding switch { Coding.Constant => 0u, Coding.Verbatim => 1u, Coding.Lpc => (ulong)(31 + order), _ => (ulong)(8 + order) }, 6);
        frame.Write(wasted > 0 ? 1u : 0u, 1);
        if (wasted > 0)
            frame.Write(1, wasted); // wasted - 1 zeros and a one
        samples = [.. samples.Select(s => s >> wasted)];
        bits -= wasted;
        ulong mask = (1UL << bits) - 1;
        int plain = coding switch { Coding.Constant => 1, Coding.Verbatim => samples.Length, _ => order };
        for (int i = 0; i < plain; i++)
            frame.Write((ulong)samples[i] & mask, bits);
        if (coding is Coding.Constant or Coding.Verbatim)
            return;
        int[] coefficients = order switch { 3 => [3, -3, 1], 2 => [2, -1], 1 => [1], _ => [] };
        int shift = 0;
        if (coding == Coding.Lpc)
        {
            coefficients = [.. coefficients.Select(c => c * 16 + 1)]; // not what fits best, but something of its own
            shift = 4;
            frame.Write(9 - 1, 4);
            frame.Write((ulong)shift, 5);
            foreach (int c in coefficients)
                frame.Write((ulong)c & 0x1FF, 9);
        }
        long[] errors = [.. Enumerable.Range(order, samples.Length - order)
            .Select(i => samples[i] - (coefficients.Select((c, k) => c * samples[i - 1 - k]).Sum() >> shift))];
        Residual(frame, errors, samples.Length, order, coding == Coding.Escaped);
    }

    private static void Residual(BitWriter frame, long[] errors, int size, int order, bool escaped)
    {
        int partitions = size % 2 == 0 && size / 2 >= order ? 2 : 1;
        frame.Write(1, 2); // parameters of five bits
        frame.Write(partitions == 2 ? 1u : 0u, 4);
        int at = 0;
        for (int p = 0; p < partitions; p++)
        {
            long[] part = errors[at..((p + 1) * (size / partitions) - order)];
            at += part.Length;
            if (escaped)
            {
                frame.Write(31, 5);
                frame.Write(30, 5);
                foreach (long e in part)
                    frame.Write((ulong)e & 0x3FFFFFFF, 30);
                continue;
            }
            int parameter = p == 0 ? 9 : 12;
            frame.Write((ulong)parameter, 5);
            foreach (long e in part)
            {
                ulong folded = e >= 0 ? (ulong)e << 1 : ((ulong)~e << 1) | 1;
                frame.Write(0, (int)(folded >> parameter));
                frame.Write(1, 1);
                frame.Write(folded & ((1UL << parameter) - 1), parameter);
            }
        }
    }
}
