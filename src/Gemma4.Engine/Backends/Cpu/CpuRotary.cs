using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Turns heads in host memory by angles that a step computes once for all layers.</summary>
/// <param name="team">Threads.</param>
/// <param name="frequencies">How far a position turns each pair.</param>
internal sealed unsafe class CpuRotary(ThreadTeam team, RotaryFrequencies frequencies) : RowOperation(team), IDisposable
{
    private readonly RowBuffer _cos = new() { Width = frequencies.NumPairs };
    private readonly RowBuffer _sin = new() { Width = frequencies.NumPairs };
    private CpuActivations _heads = null!;

    /// <summary>What it turns by.</summary>
    public RotaryFrequencies Frequencies => frequencies;

    /// <summary>Computes the angles of a step's positions.</summary>
    public void Begin(ReadOnlySpan<int> positions)
    {
        _cos.Reserve(positions.Length);
        _sin.Reserve(positions.Length);
        float* cos = _cos.Data, sin = _sin.Data;
        foreach (int position in positions)
        {
            foreach (float radians in frequencies.Radians)
                (*sin++, *cos++) = SineCosine.Of(position * radians);
        }
    }

    /// <summary>Turns every head of every row.</summary>
    public void Apply(CpuActivations heads)
    {
        _heads = heads;
        RunAll(heads.NumRows, heads.Width);
    }

    protected override void RunRows(int first, int end)
    {
        for (int row = first; row < end; row++)
        {
            long angles = (long)row * frequencies.NumPairs;
            float* x = _heads.Row(row);
            for (int at = 0; at < _heads.Width; at += frequencies.HeadDim)
                RotateHead.Run(x + at, _cos.Data + angles, _sin.Data + angles, x + at, frequencies.HeadDim, frequencies.NumPairs);
        }
    }

    /// <summary>Frees the angles.</summary>
    public void Dispose()
    {
        _cos.Dispose();
        _sin.Dispose();
    }
}

/// <summary>A layer's view of angles that layers of its kind share.</summary>
internal sealed class CpuSharedRotary(CpuRotary rotary) : Rotary
{
    public override void Apply(Activations heads) => rotary.Apply((CpuActivations)heads);
}
