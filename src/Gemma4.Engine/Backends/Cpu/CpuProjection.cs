namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Products of one input with several weights, handed out to the team together.</summary>
/// <param name="backend">Threads and quantised rows.</param>
/// <param name="matrices">The weights, which read the same number of columns.</param>
internal sealed unsafe class CpuProjection(CpuBackend backend, CpuMatrix[] matrices) : Projection, IParts
{
    private readonly MatrixParts _parts = new(backend.Team, matrices);
    private readonly CpuActivations[] _y = new CpuActivations[matrices.Length];
    private CpuInput _x;

    public override void Apply(Activations x, params ReadOnlySpan<Activations> y)
    {
        _x = backend.Groups.Prepare(((CpuActivations)x).AsInput(), matrices);
        for (int i = 0; i < matrices.Length; i++)
            _y[i] = (CpuActivations)y[i];
        backend.Team.Run(_parts.Plan(_x.NumTokens), this);
    }

    void IParts.Run(int part, int worker)
    {
        (int matrix, int firstRow, int numRows) = _parts[part];
        matrices[matrix].Multiply(_x, firstRow, numRows, _y[matrix].Data + firstRow, _y[matrix].Stride);
    }
}
