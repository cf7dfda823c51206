using System.Buffers.Binary;
using Gemma4.Testing;

namespace Gemma4.Engine.Tests.Loading.Gguf;

/// <summary>Damages GGUF files where it hurts: the counts, lengths, types and offsets of the header, of which the vocabulary is most.</summary>
internal static class GgufMutator
{
    private static readonly ulong[] Extremes = [0, 1, 2, 31, 32, 255, 65_535, 1 << 24, int.MaxValue, 1UL << 31, uint.MaxValue, 1UL << 40, long.MaxValue, 1UL << 63, ulong.MaxValue];

    /// <summary>A copy with one to five faults.</summary>
    /// <param name="valid">Not changed.</param>
    /// <param name="random">Chooses them.</param>
    public static byte[] Mutate(byte[] valid, Random random)
    {
        if (random.Next(4) == 0)
            return FileMutator.Mutate(valid, random);
        byte[] file = [.. valid];
        int[] places = Places(valid);
        for (int faults = random.Next(1, 4); faults > 0; faults--)
        {
            int at = places[random.Next(places.Length)];
            switch (random.Next(4))
            {
                case 0:
                    BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), Extremes[random.Next(Extremes.Length)]);
                    break;
                case 1:
                    BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), (uint)Extremes[random.Next(Extremes.Length)]);
                    break;
                case 2:
                    file[at] ^= (byte)(1 << random.Next(8));
                    break;
                default:
                    return file[..random.Next(at, file.Length)];
            }
        }
        return file;
    }

    /// <summary>The head, and everything within some bytes of the names that every file has.</summary>
    private static int[] Places(byte[] file)
    {
        var places = new List<int>(Enumerable.Range(0, 24));
        foreach (byte[] mark in new[] { "general."u8.ToArray(), "gemma4."u8.ToArray(), "tokenizer."u8.ToArray(), "clip."u8.ToArray(), "blk."u8.ToArray(), ".weight"u8.ToArray() })
        {
            for (int at = 0; file.AsSpan(at).IndexOf(mark) is var ahead and >= 0; at += mark.Length)
            {
                at += ahead;
                places.AddRange(Enumerable.Range(Math.Max(0, at - 8), 72));
            }
        }
        return [.. places.Where(p => p + sizeof(ulong) <= file.Length)];
    }
}
