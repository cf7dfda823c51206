using Gemma4.Engine.Backends.Cpu;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Our own product on tensors in host memory: float32 activations over weights as they are stored.</summary>
/// <remarks>A row's result does not depend on the rows beside it, to the last bit; libtorch's does, because MKL picks another kernel by T.</remarks>
internal sealed unsafe class CpuLinear(CpuBackend cpu, CpuMatrix matrix) : Linear(matrix.Rows, matrix.Columns), IParts
{
    private readonly MatrixParts _parts = new(cpu.Team, [matrix]);
    private CpuInput _x;
    private float* _y;

    public override Tensor Forward(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = x.contiguous();                                                          // [T, in]
        Tensor y = empty([x.shape[0], OutFeatures], dtype: ScalarType.Float32);                // [T, out]
        _x = cpu.Groups.Prepare(new CpuInput((float*)HostPointer.Of(rows), InFeatures, (int)x.shape[0]), matrix);
        _y = (float*)HostPointer.Of(y);
        cpu.Team.Run(_parts.Plan(_x.NumTokens), this);
        GC.KeepAlive(rows);
        return scope.MoveToOuter(y);
    }

    void IParts.Run(int part, int worker)
    {
        (_, int firstRow, int numRows) = _parts[part];
        matrix.Multiply(_x, firstRow, numRows, _y + firstRow, OutFeatures);
    }
}
