using System.Diagnostics;
using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Heads of all slots of a pool, <c>[slots, K, H]</c>, in one of the formats of the KV cache.</summary>
internal sealed unsafe class HeadPool : IDisposable
{
    private readonly HostMemory _numbers;
    private readonly HostMemory? _scales;      // [slots, K] float32, of signed bytes
    private readonly KvFormat _format;
    private readonly int _numHeads;
    private readonly int _headDim;

    /// <param name="slots">Positions.</param>
    /// <param name="numHeads">K.</param>
    /// <param name="headDim">H.</param>
    /// <param name="format">How numbers lie.</param>
    public HeadPool(long slots, int numHeads, int headDim, KvFormat format)
    {
        (_format, _numHeads, _headDim) = (format, numHeads, headDim);
        long heads = slots * numHeads;
        _numbers = new HostMemory(heads * headDim * format switch
        {
            KvFormat.Float32 => sizeof(float),
            KvFormat.BFloat16 => sizeof(ushort),
            KvFormat.Int8 => sizeof(sbyte),
            _ => throw new UnreachableException(),
        });
        _scales = format == KvFormat.Int8 ? new HostMemory(heads * sizeof(float)) : null;
    }

    /// <summary>Stores the K heads of a slot.</summary>
    /// <param name="slot">Which.</param>
    /// <param name="heads"><c>[K · H]</c>.</param>
    public void Write(long slot, float* heads)
    {
        long first = slot * _numHeads;
        int count = _numHeads * _headDim;
        switch (_format)
        {
            case KvFormat.Float32:
                new ReadOnlySpan<float>(heads, count).CopyTo(new Span<float>((float*)_numbers.Data + first * _headDim, count));
                break;
            case KvFormat.BFloat16:
                BFloat16Row.Round(heads, (ushort*)_numbers.Data + first * _headDim, count);
                break;
            case KvFormat.Int8:
                for (int head = 0; head < _numHeads; head++)
                {
                    sbyte* target = (sbyte*)_numbers.Data + (first + head) * _headDim;
                    ((float*)_scales!.Data)[first + head] = Int8Row.Quantise(heads + (long)head * _headDim, target, _headDim);
                }
                break;
            default:
                throw new UnreachableException();
        }
    }

    /// <summary>Reads one head of a slot in float32.</summary>
    /// <param name="slot">Which.</param>
    /// <param name="head">Which of the K.</param>
    /// <param name="target">Receives <c>[H]</c>.</param>
    public void Read(long slot, int head, float* target)
    {
        long at = slot * _numHeads + head;
        switch (_format)
        {
            case KvFormat.Float32:
                new ReadOnlySpan<float>((float*)_numbers.Data + at * _headDim, _headDim).CopyTo(new Span<float>(target, _headDim));
                break;
            case KvFormat.BFloat16:
                BFloat16Row.Widen((ushort*)_numbers.Data + at * _headDim, target, _headDim);
                break;
            case KvFormat.Int8:
                Int8Row.Widen((sbyte*)_numbers.Data + at * _headDim, ((float*)_scales!.Data)[at], target, _headDim);
                break;
            default:
                throw new UnreachableException();
        }
    }

    public void Dispose()
    {
        _numbers.Dispose();
        _scales?.Dispose();
    }
}
