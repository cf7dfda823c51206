using Gemma4.Engine.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Layers;

/// <summary>Squeezes logits into ± a cap: <c>cap · tanh(x / cap)</c>.</summary>
/// <remarks>On the CPU a row's result does not depend on the rows beside it, to the last bit; libtorch's does where it has 512-bit vectors.</remarks>
internal sealed unsafe class LogitSoftcap
{
    /// <summary>Elements of a part: 10 µs, so that parts even out and waking a thread is worth it.</summary>
    private const int ElementsPerPart = 16 * 1024;

    private readonly float _cap;
    private readonly Scalar _scalar;
    private readonly WorkerTeam? _team;
    private readonly Action<int> _runPart;
    private float* _logits;
    private long _count;

    /// <param name="cap">Greater than 0.</param>
    /// <param name="cpu">Whose threads share the logits on the CPU; null on other devices. Owned by the weight source.</param>
    public LogitSoftcap(double cap, CpuProducts? cpu)
    {
        (_cap, _scalar, _team) = ((float)cap, cap.ToScalar(), cpu?.Team);
        _runPart = RunPart;
    }

    /// <summary>Writes over the logits.</summary>
    /// <param name="logits">Dense <c>[R, V]</c> float32.</param>
    public void Apply(Tensor logits)
    {
        using DisposeScope scope = NewDisposeScope();      // in-place operations return aliases
        if (_team is null || logits.device_type != DeviceType.CPU)
        {
            logits.div_(_scalar).tanh_().mul_(_scalar);
            return;
        }
        _logits = (float*)HostPointer.Of(logits);
        _count = logits.numel();
        _team.Run((int)((_count + ElementsPerPart - 1) / ElementsPerPart), _runPart);
        GC.KeepAlive(logits);
    }

    private void RunPart(int part)
    {
        long first = (long)part * ElementsPerPart;
        Softcap.Run(_logits + first, _cap, _logits + first, (int)Math.Min(ElementsPerPart, _count - first));
    }
}
