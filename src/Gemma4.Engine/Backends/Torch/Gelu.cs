using Gemma4.Engine.Backends.Cpu;
using Gemma4.Engine.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>The gated activation of every feed-forward: <c>gelu(gate) · up</c> with the tanh form of GELU.</summary>
/// <remarks>Hendrycks and Gimpel 2016, section 2, the tanh approximation (<c>gelu_pytorch_tanh</c>). On the CPU a row's result does not depend
/// on the rows beside it, to the last bit; libtorch's does where it has 512-bit vectors.</remarks>
internal sealed unsafe class Gelu : IParts
{
    /// <summary>Elements of a part: 10 µs, so that parts even out and waking a thread is worth it.</summary>
    private const int ElementsPerPart = 16 * 1024;

    private readonly ThreadTeam? _team;
    private float* _gate;
    private float* _up;
    private float* _y;
    private long _gateStride;
    private long _upStride;
    private int _rows;
    private int _width;
    private int _rowsPerPart;

    /// <param name="team">Whose threads share the rows in host memory; null on other devices.</param>
    public Gelu(ThreadTeam? team) => _team = team;

    /// <summary><c>gelu(gate) · up</c>, both <c>[T, F]</c>; neither is modified.</summary>
    /// <returns>A new tensor; the caller owns it.</returns>
    public Tensor Gate(Tensor gate, Tensor up)
    {
        using DisposeScope scope = NewDisposeScope();
        if (_team is not null && gate.device_type == DeviceType.CPU && gate.dtype == ScalarType.Float32)
            return scope.MoveToOuter(GateOnCpu(gate, up));
        return scope.MoveToOuter(nn.functional.gelu(gate, TorchSharp.Modules.GELU.Approximate.tanh).mul_(up));
    }

    private Tensor GateOnCpu(Tensor gate, Tensor up)
    {
        Tensor gates = InRows(gate), ups = InRows(up), y = empty(gate.shape, dtype: ScalarType.Float32);
        (_rows, _width) = ((int)gate.shape[0], (int)gate.shape[1]);
        (_gateStride, _upStride) = (gates.stride(0), ups.stride(0));
        _gate = (float*)HostPointer.Of(gates);
        _up = (float*)HostPointer.Of(ups);
        _y = (float*)HostPointer.Of(y);
        _rowsPerPart = Math.Max(1, ElementsPerPart / _width);
        _team!.Run((_rows + _rowsPerPart - 1) / _rowsPerPart, this);
        return y;
    }

    /// <summary>A tensor whose rows are dense, wherever they begin: halves of a fused projection need no copy.</summary>
    private static Tensor InRows(Tensor x) => x.stride(1) == 1 ? x : x.contiguous();

    void IParts.Run(int part, int worker)
    {
        for (long row = (long)part * _rowsPerPart; row < Math.Min(_rows, (part + 1L) * _rowsPerPart); row++)
            GatedGelu.Run(_gate + row * _gateStride, _up + row * _upStride, _y + row * _width, _width);
    }
}
