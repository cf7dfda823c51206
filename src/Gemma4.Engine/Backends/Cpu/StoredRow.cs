using System.Diagnostics;
using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Blocks;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Rounds rows of stored floats to fewer bits.</summary>
internal static unsafe class StoredRow
{
    /// <summary>Encodes one row.</summary>
    /// <param name="weight">Stored as floats.</param>
    /// <param name="row">Which of its rows.</param>
    /// <param name="format">What to round to: <see cref="WeightFormat.Q8_0"/> or <see cref="WeightFormat.Q4_0"/>.</param>
    /// <param name="blocks">Receives the row's blocks.</param>
    public static void Encode(StoredWeight weight, int row, WeightFormat format, Span<byte> blocks)
    {
        float[] numbers = new float[weight.Columns];
        weight.Decode(row, numbers);
        switch (format)
        {
            case WeightFormat.Q8_0:
                Q8Encoder.Encode(numbers, blocks);
                break;
            case WeightFormat.Q4_0:
                Int4Encoder.Encode(numbers, blocks);
                break;
            default:
                throw new UnreachableException();
        }
    }
}
