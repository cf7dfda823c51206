using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Rotary position embedding of tensors: angles of positions, and heads turned by them.</summary>
/// <remarks>Pairs that stand still have an angle of 0, so that a head is turned whole: <c>x ∘ cos + swap(x) ∘ sin</c>, rounded as the reference rounds.</remarks>
internal sealed class HeadTurn : IDisposable
{
    private readonly ScalarType _dtype;
    private readonly Tensor _radians;      // [H / 2] float32

    /// <param name="frequencies">How far a position turns each pair.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="dtype">Dtype of heads.</param>
    public HeadTurn(RotaryFrequencies frequencies, Device device, ScalarType dtype)
    {
        _dtype = dtype;
        HeadDim = frequencies.HeadDim;
        var radians = new float[HeadDim / 2];
        frequencies.Radians.CopyTo(radians.AsSpan());
        _radians = tensor(radians, device: device).DetachFromDisposeScope();
    }

    /// <summary>H.</summary>
    public int HeadDim { get; }

    /// <summary>Angles of the step's rows, <c>[T, 1, H]</c>.</summary>
    public HeadAngles OfRows { get; private set; }

    /// <summary>Begins a step.</summary>
    /// <param name="positions"><c>[T]</c> int64.</param>
    public void Begin(Tensor positions)
    {
        using DisposeScope scope = NewDisposeScope();
        OfRows.Dispose();
        OfRows = At(positions.unsqueeze(1));
    }

    /// <summary>Angles of positions, computed in float32.</summary>
    /// <param name="positions"><c>[...]</c> int64.</param>
    /// <returns><c>[..., H]</c>; the caller owns them.</returns>
    public HeadAngles At(Tensor positions)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor angles = positions.to(ScalarType.Float32).unsqueeze(-1) * _radians;             // [..., H / 2]
        Tensor cos = angles.cos(), sin = angles.sin();
        return new HeadAngles(
            cat([cos, cos], -1).to(_dtype).DetachFromDisposeScope(), cat([sin.neg(), sin], -1).to(_dtype).DetachFromDisposeScope());
    }

    /// <summary>Turns heads; belongs to the caller's dispose scope.</summary>
    /// <param name="heads"><c>[..., H]</c>. Not modified.</param>
    /// <param name="angles">Broadcast over them.</param>
    public Tensor Turn(Tensor heads, HeadAngles angles) =>
        (heads * angles.Cos).add_(heads.roll(HeadDim / 2, -1).mul_(angles.Sin), Arithmetic.One);

    public void Dispose()
    {
        OfRows.Dispose();
        _radians.Dispose();
    }
}

/// <summary>Cosines of some positions, and sines that are negative in the first half of a head; each <c>[..., H]</c>.</summary>
internal readonly record struct HeadAngles(Tensor Cos, Tensor Sin) : IDisposable
{
    public void Dispose()
    {
        Cos?.Dispose();
        Sin?.Dispose();
    }
}
