using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Gate, up and GELU in one hand-over: a part computes the same rows of both weights and gates them while they are in its cache.</summary>
internal sealed unsafe class CpuGatedProjection : GatedProjection, IParts
{
    private readonly ThreadTeam _team;
    private readonly CpuMatrix _gate;
    private readonly CpuMatrix? _up;
    private readonly MatrixParts _parts;
    private readonly WorkerScratch _scratch;
    private CpuInput _x;
    private CpuActivations? _u;
    private CpuActivations _y = null!;

    /// <param name="team">Threads.</param>
    /// <param name="scratch">Memory for each thread.</param>
    /// <param name="gate"><c>[F, in]</c>.</param>
    /// <param name="up"><c>[F, in]</c>; null where the second factor is given in every call.</param>
    public CpuGatedProjection(ThreadTeam team, WorkerScratch scratch, CpuMatrix gate, CpuMatrix? up)
    {
        (_team, _scratch, _gate, _up) = (team, scratch, gate, up);
        _parts = new MatrixParts(team, [gate]);
    }

    public override void Apply(Activations x, Activations y) => Run((CpuActivations)x, null, (CpuActivations)y);

    public override void Apply(Activations x, Activations u, Activations y) => Run((CpuActivations)x, (CpuActivations)u, (CpuActivations)y);

    private void Run(CpuActivations x, CpuActivations? u, CpuActivations y)
    {
        (_x, _u, _y) = (x.AsInput(), u, y);
        _team.Run(_parts.Plan(_x.NumTokens), this);
    }

    void IParts.Run(int part, int worker)
    {
        (_, int firstRow, int numRows) = _parts[part];
        GatedRows.Run(_x, _gate, _up, firstRow, numRows, _u is null ? null : _u.Data + firstRow, _u?.Stride ?? 0, _y.Data + firstRow, _y.Stride, _scratch, worker);
    }
}

/// <summary>Some rows of a gated projection.</summary>
internal static unsafe class GatedRows
{
    /// <summary>Tokens whose products are held at once, so that they are gated while they are in the second-level cache.</summary>
    private const int TokensAtOnce = 48;

    /// <param name="x">The input's rows.</param>
    /// <param name="gate">The gate's weight.</param>
    /// <param name="up">The second factor's weight; null where <paramref name="u"/> is given.</param>
    /// <param name="firstRow">First row of both weights.</param>
    /// <param name="numRows">Rows of both weights.</param>
    /// <param name="u">The second factor at the first row; null where it is computed.</param>
    /// <param name="uStride">Distance of two tokens in <paramref name="u"/>.</param>
    /// <param name="y">Where the first row's result of the first token goes.</param>
    /// <param name="yStride">Distance of two tokens in <paramref name="y"/>.</param>
    /// <param name="scratch">Memory for each thread.</param>
    /// <param name="worker">Which thread this is.</param>
    public static void Run(
        in CpuInput x, CpuMatrix gate, CpuMatrix? up, int firstRow, int numRows, float* u, int uStride, float* y, int yStride, WorkerScratch scratch, int worker)
    {
        float* computed = up is null ? null : scratch.Of(worker, (long)Math.Min(TokensAtOnce, x.NumTokens) * numRows);
        for (int first = 0; first < x.NumTokens; first += TokensAtOnce)
        {
            int count = Math.Min(TokensAtOnce, x.NumTokens - first);
            CpuInput tokens = x.Rows(first, count);
            float* target = y + (long)first * yStride;
            gate.Multiply(tokens, firstRow, numRows, target, yStride);
            up?.Multiply(tokens, firstRow, numRows, computed, numRows);
            for (int t = 0; t < count; t++)
            {
                float* row = target + (long)t * yStride;
                GatedGelu.Run(row, up is null ? u + (long)(first + t) * uStride : computed + (long)t * numRows, row, numRows);
            }
        }
    }
}
