using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>The output projection in host memory: product and softcap in one hand-over.</summary>
internal sealed unsafe class CpuOutputHead : OutputHead, IParts
{
    private readonly CpuBackend _backend;
    private readonly CpuMatrix _matrix;
    private readonly float? _softcap;
    private readonly MatrixParts _parts;
    private readonly RowBuffer _hidden;      // [R, D]
    private readonly CpuLogits _logits;
    private CpuInput _x;

    /// <param name="backend">Threads, memory and quantised rows.</param>
    /// <param name="matrix"><c>[V, D]</c>.</param>
    /// <param name="softcap">Logits are squeezed into ± this; null leaves them.</param>
    public CpuOutputHead(CpuBackend backend, CpuMatrix matrix, float? softcap)
    {
        (_backend, _matrix, _softcap) = (backend, matrix, softcap);
        _parts = new MatrixParts(backend.Team, [matrix]);
        _hidden = backend.CreateChosenBuffer("chosen rows", matrix.Columns);
        _logits = new CpuLogits(backend.CreateChosenBuffer("logits", matrix.Rows), matrix.Rows);
    }

    /// <remarks>Logits are in host memory already: all of them are given, however few would do.</remarks>
    public override Logits Compute(Activations hidden, ReadOnlySpan<int> rows, ReadOnlySpan<int> numBest)
    {
        var source = (CpuActivations)hidden;
        _hidden.Reserve(rows.Length);
        _logits.Buffer.Reserve(rows.Length);
        for (int i = 0; i < rows.Length; i++)
            new ReadOnlySpan<float>(source.Row(rows[i]), _matrix.Columns).CopyTo(new Span<float>(_hidden.Data + (long)i * _matrix.Columns, _matrix.Columns));
        _x = _backend.Groups.Prepare(new CpuInput(_hidden.Data, _matrix.Columns, rows.Length), _matrix);
        _backend.Team.Run(_parts.Plan(rows.Length), this);
        return _logits;
    }

    void IParts.Run(int part, int worker)
    {
        (_, int firstRow, int numRows) = _parts[part];
        float* y = _logits.Buffer.Data + firstRow;
        _matrix.Multiply(_x, firstRow, numRows, y, _matrix.Rows);
        if (_softcap is not { } cap)
            return;
        for (int t = 0; t < _x.NumTokens; t++)
            Softcap.Run(y + (long)t * _matrix.Rows, cap, y + (long)t * _matrix.Rows, numRows);
    }

    private sealed class CpuLogits(RowBuffer buffer, int vocabularySize) : Logits
    {
        public RowBuffer Buffer => buffer;

        public override ReadOnlySpan<float> this[int row] => new(buffer.Data + (long)row * vocabularySize, vocabularySize);
    }
}
