using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Blocks;
using Gemma4.Engine.Kernels.Panels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Makes of stored weights what this machine multiplies with: floats as they lie in their file, quantised ones in panels.</summary>
/// <param name="options">Formats and kernels.</param>
/// <param name="team">Threads that repack.</param>
internal sealed unsafe class MatrixFactory(CpuOptions options, ThreadTeam team) : IDisposable
{
    // Assembling takes 80 ms, which a model without quantised weights need not pay; what was asked for by name is tried at once.
    private PanelKernels? _kernels = options.Kernels == KernelChoice.Auto ? null : PanelKernels.Create(options.Kernels);
    private readonly HugeArena _arena = new();
    private readonly List<IDisposable> _owned = [];
    private readonly Dictionary<string, bool> _asked = new(StringComparer.Ordinal);

    /// <summary>The kernels that multiply panels; null where there are none.</summary>
    public KernelChoice? Kernels => _kernels?.Choice;

    /// <summary>The weights without data that products were asked of, by name, and whether each is the output projection's.</summary>
    public IReadOnlyDictionary<string, bool> Asked => _asked;

    /// <summary>The weight of a product.</summary>
    /// <param name="weight"><c>[out, in]</c>.</param>
    /// <param name="isHead">True for the output projection, which keeps 8 bits where others get 4.</param>
    public CpuMatrix Create(StoredWeight weight, bool isHead = false)
    {
        if (weight.Data is null)
        {
            _asked[weight.Name] = isHead;
            return new RowMajorMatrix<BFloat16, ushort>(null, weight.Rows, weight.Columns);      // only names and shapes are asked for
        }
        WeightFormat format = PanelPacking.Format(weight.Format, weight.Columns, options.Quantization, isHead);
        if (PanelLayout.Exists(format))
            return options.ExactActivations ? Widened(weight, format) : Panels(weight, format);
        return weight.Format switch
        {
            WeightFormat.BFloat16 => new RowMajorMatrix<BFloat16, ushort>((ushort*)weight.Data, weight.Rows, weight.Columns),
            WeightFormat.Float16 => new RowMajorMatrix<Float16, ushort>((ushort*)weight.Data, weight.Rows, weight.Columns),
            _ when options.RoundsToBFloat16 => Rounded(weight),
            _ => new RowMajorMatrix<Float32, float>((float*)weight.Data, weight.Rows, weight.Columns),
        };
    }

    /// <summary>Bytes that <see cref="Create"/> would take for a stored weight; 0 where it multiplies with the stored ones.</summary>
    public long BytesMade(WeightFormat format, ReadOnlySpan<long> shape, bool inPanels, bool isHead)
    {
        int columns = shape.IsEmpty ? 1 : checked((int)shape[^1]);
        long rows = StoredWeight.Count(shape) / columns;
        WeightFormat wanted = PanelPacking.Format(format, columns, options.Quantization, isHead);
        if (PanelLayout.Exists(wanted))
            return options.ExactActivations ? rows * columns * sizeof(float) : inPanels ? 0 : PanelMatrix.BytesOf(wanted, checked((int)rows), columns);
        return format == WeightFormat.Float32 && options.RoundsToBFloat16 ? rows * columns * sizeof(ushort) : 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable owned in _owned)
            owned.Dispose();
        _owned.Clear();
        _arena.Dispose();
        _kernels?.Dispose();
    }

    private PanelledMatrix Panels(StoredWeight weight, WeightFormat format)
    {
        PanelMatrix panels;
        if (weight.InPanels)
        {
            panels = PanelMatrix.Over(format, weight.Rows, weight.Columns, weight.Data);
        }
        else
        {
            panels = PanelMatrix.Allocate(_arena, format, weight.Rows, weight.Columns);
            team.Run(panels.NumPanels, new PanelPacking(weight, panels));
        }
        return new PanelledMatrix(_kernels ??= PanelKernels.Create(options.Kernels), panels);
    }

    /// <summary>The numbers that panels of this format would hold, in float32.</summary>
    private RowMajorMatrix<Float32, float> Widened(StoredWeight weight, WeightFormat format)
    {
        var memory = Own(new HostMemory(weight.NumElements * sizeof(float)));
        team.Run(weight.Rows, new Widening(weight, format, (float*)memory.Data));
        return new RowMajorMatrix<Float32, float>((float*)memory.Data, weight.Rows, weight.Columns);
    }

    private RowMajorMatrix<BFloat16, ushort> Rounded(StoredWeight weight)
    {
        var memory = Own(new HostMemory(weight.NumElements * sizeof(ushort)));
        for (int row = 0; row < weight.Rows; row++)
            BFloat16Row.Round((float*)(weight.Data + row * weight.RowBytes), (ushort*)memory.Data + (long)row * weight.Columns, weight.Columns);
        return new RowMajorMatrix<BFloat16, ushort>((ushort*)memory.Data, weight.Rows, weight.Columns);
    }

    private T Own<T>(T owned) where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    /// <summary>A part is a row: through the wanted format, if it is not stored so, to float32.</summary>
    private sealed class Widening(StoredWeight weight, WeightFormat format, float* target) : IParts
    {
        public void Run(int part, int worker)
        {
            var row = new Span<float>(target + (long)part * weight.Columns, weight.Columns);
            if (format == weight.Format)
            {
                weight.Decode(part, row);
                return;
            }
            byte[] blocks = new byte[format.RowBytes(weight.Columns)];
            StoredRow.Encode(weight, part, format, blocks);
            WeightDecoder.Decode(format, blocks, row);
        }
    }
}
