using System.Globalization;

namespace Gemma4.Testing;

/// <summary>Damages valid files the way that breaks decoders: bits, extreme numbers, bytes gone, doubled or cut.</summary>
public static class FileMutator
{
    /// <summary>Seed of the first mutant: <c>GEMMA4_FUZZ_SEED</c>, 0 by default.</summary>
    public static int FirstSeed { get; } = int.Parse(
        Environment.GetEnvironmentVariable("GEMMA4_FUZZ_SEED") is { Length: > 0 } s ? s : "0", CultureInfo.InvariantCulture);

    /// <summary>How long a kind of file is tried: <c>GEMMA4_FUZZ_SECONDS</c>, 0.5 by default.</summary>
    public static TimeSpan Budget { get; } = TimeSpan.FromSeconds(double.Parse(
        Environment.GetEnvironmentVariable("GEMMA4_FUZZ_SECONDS") is { Length: > 0 } s ? s : "0.5", CultureInfo.InvariantCulture));

    /// <summary>A copy with one to five faults.</summary>
    /// <param name="valid">Not changed.</param>
    /// <param name="random">Chooses them.</param>
    public static byte[] Mutate(byte[] valid, Random random)
    {
        ArgumentNullException.ThrowIfNull(valid);
        ArgumentNullException.ThrowIfNull(random);
        var bytes = new List<byte>(valid);
        int mutations = random.Next(1, 6);
        for (int m = 0; m < mutations && bytes.Count > 8; m++)
        {
            int at = random.Next(3) == 0 ? random.Next(Math.Min(64, bytes.Count)) : random.Next(bytes.Count); // headers are short: hit them often
            int length = Math.Min(random.Next(1, 17), bytes.Count - at);
            switch (random.Next(7))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2: // a number becomes extreme
                    byte extreme = new byte[] { 0, 0x7F, 0x80, 0xFF }[random.Next(4)];
                    for (int i = 0; i < Math.Min(length, 4); i++)
                        bytes[at + i] = extreme;
                    break;
                case 3:
                    bytes.RemoveRange(at, length);
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count - length + 1), length));
                    break;
                case 5:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                default:
                    for (int i = 0; i < length; i++)
                        bytes[at + i] = (byte)random.Next(256);
                    break;
            }
        }
        return [.. bytes];
    }
}
