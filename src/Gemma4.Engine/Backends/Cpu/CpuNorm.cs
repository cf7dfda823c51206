using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Normalisation of rows in host memory.</summary>
internal sealed unsafe class CpuNorm : Norm
{
    private readonly float* _scale;
    private readonly int _width;
    private readonly float _eps;
    private readonly ApplyRows _apply;
    private readonly AddRows _add;

    /// <param name="team">Threads.</param>
    /// <param name="scale"><c>[W]</c>, the factor included; null for none.</param>
    /// <param name="width">W.</param>
    /// <param name="eps">Added to the mean square inside the root.</param>
    public CpuNorm(ThreadTeam team, float* scale, int width, float eps)
    {
        _scale = scale;
        (_width, _eps) = (width, eps);
        _apply = new ApplyRows(team, this);
        _add = new AddRows(team, this);
    }

    public override void Apply(Activations x, Activations y) => _apply.Run((CpuActivations)x, (CpuActivations)y);

    public override void AddTo(Activations x, Activations residual) => _add.Run((CpuActivations)x, (CpuActivations)residual);

    private sealed class ApplyRows(ThreadTeam team, CpuNorm norm) : RowMapping(team)
    {
        protected override void RunRow(float* x, float* y, int width)
        {
            for (int at = 0; at < width; at += norm._width)
                RmsNormRow.Run(x + at, norm._scale, norm._eps, y + at, norm._width);
        }
    }

    private sealed class AddRows(ThreadTeam team, CpuNorm norm) : RowMapping(team)
    {
        protected override void RunRow(float* x, float* y, int width)
        {
            RmsNormRow.Run(x, norm._scale, norm._eps, x, norm._width);
            RowArithmetic.Add(x, y, norm._width);
        }
    }
}
