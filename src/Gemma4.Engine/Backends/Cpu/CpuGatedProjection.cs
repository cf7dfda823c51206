namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Gate, up and GELU in one hand-over: a part computes the same rows of both weights and gates them while they are in its cache.</summary>
internal sealed unsafe class CpuGatedProjection : GatedProjection, IParts
{
    private readonly CpuBackend _backend;
    private readonly CpuMatrix _gate;
    private readonly CpuMatrix? _up;
    private readonly CpuMatrix[] _both;
    private readonly MatrixParts _parts;
    private CpuInput _x;
    private CpuActivations? _u;
    private CpuActivations _y = null!;

    /// <param name="backend">Threads, scratch memory and quantised rows.</param>
    /// <param name="gate"><c>[F, in]</c>.</param>
    /// <param name="up"><c>[F, in]</c>; null where the second factor is given in every call.</param>
    public CpuGatedProjection(CpuBackend backend, CpuMatrix gate, CpuMatrix? up)
    {
        (_backend, _gate, _up) = (backend, gate, up);
        _both = up is null ? [gate] : [gate, up];
        _parts = new MatrixParts(backend.Team, [gate]);
    }

    public override void Apply(Activations x, Activations y) => Run((CpuActivations)x, null, (CpuActivations)y);

    public override void Apply(Activations x, Activations u, Activations y) => Run((CpuActivations)x, (CpuActivations)u, (CpuActivations)y);

    private void Run(CpuActivations x, CpuActivations? u, CpuActivations y)
    {
        (_x, _u, _y) = (_backend.Groups.Prepare(x.AsInput(), _both), u, y);
        _backend.Team.Run(_parts.Plan(_x.NumTokens), this);
    }

    void IParts.Run(int part, int worker)
    {
        (_, int firstRow, int numRows) = _parts[part];
        GatedRows.Run(_x, _gate, _up, firstRow, numRows, _u is null ? null : _u.Data + firstRow, _u?.Stride ?? 0, _y.Data + firstRow, _y.Stride, _backend.Scratch, worker);
    }
}
