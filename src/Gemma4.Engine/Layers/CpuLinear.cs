using Gemma4.Engine.Kernels;
using TorchSharp;
using static TorchSharp.torch;
using BFloat16 = Gemma4.Engine.Kernels.BFloat16;

namespace Gemma4.Engine.Layers;

/// <summary>Our own product on the CPU: float32 activations over weights as they are stored, float32 or bfloat16.</summary>
/// <remarks>A row's result does not depend on the rows beside it, to the last bit; libtorch's does, because MKL picks another kernel by T.</remarks>
internal sealed unsafe class CpuLinear : Linear
{
    /// <summary>Multiply-adds below which waking other threads costs more than it gains: 20 µs at 10 GFLOP/s.</summary>
    private const long MinWorkForTeam = 100_000;

    /// <summary>Rows of the weight in a part; small enough that parts even out, a multiple of the tile's four.</summary>
    private const int RowsPerPart = 64;

    private readonly Tensor _weight;
    private readonly WorkerTeam _team;
    private readonly void* _data;
    private readonly bool _isFloat32;
    private readonly Action<int> _runPart;
    private float* _x;
    private float* _y;
    private int _tokens;

    /// <param name="weight"><c>[out, in]</c>, dense, float32 or bfloat16 in host memory; owned by the weight source.</param>
    /// <param name="team">Threads that share the rows; owned by the weight source.</param>
    public CpuLinear(Tensor weight, WorkerTeam team) : base((int)weight.shape[0], (int)weight.shape[1])
    {
        _weight = weight;
        _team = team;
        _data = HostPointer.Of(weight);
        _isFloat32 = weight.dtype == ScalarType.Float32;
        _runPart = RunPart;
    }

    public override Tensor Forward(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = x.contiguous();                                                          // [T, in]
        Tensor y = empty([x.shape[0], OutFeatures], dtype: ScalarType.Float32);                // [T, out]
        _x = (float*)HostPointer.Of(rows);
        _y = (float*)HostPointer.Of(y);
        _tokens = (int)x.shape[0];
        int parts = (OutFeatures + RowsPerPart - 1) / RowsPerPart;
        if ((long)_tokens * OutFeatures * InFeatures < MinWorkForTeam)
        {
            for (int part = 0; part < parts; part++)
                RunPart(part);
        }
        else
        {
            _team.Run(parts, _runPart);
        }
        GC.KeepAlive(_weight);
        return scope.MoveToOuter(y);
    }

    private void RunPart(int part)
    {
        int first = part * RowsPerPart, rows = Math.Min(RowsPerPart, OutFeatures - first);
        if (_isFloat32)
            MatMul.Run<Float32, float>(_x, (float*)_data + (long)first * InFeatures, _y + first, _tokens, rows, InFeatures, OutFeatures);
        else
            MatMul.Run<BFloat16, ushort>(_x, (ushort*)_data + (long)first * InFeatures, _y + first, _tokens, rows, InFeatures, OutFeatures);
    }
}
