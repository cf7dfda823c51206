using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Rows on a device: a tensor that an operation made in this step, or some columns of one.</summary>
/// <param name="backend">Says how many rows a step has.</param>
/// <param name="slot">The tensor, shared by all activations of one name.</param>
/// <param name="firstColumn">Where the rows begin in those of the tensor.</param>
/// <param name="width">Numbers of a row.</param>
/// <param name="dtype">What products read.</param>
/// <param name="isView">True for some columns of other activations.</param>
internal sealed class TorchActivations(TorchBackend backend, TensorSlot slot, int firstColumn, int width, ScalarType dtype, bool isView)
    : Activations(width)
{
    public override int NumRows => backend.NumRows;

    /// <summary>The rows <c>[T, W]</c>. A view's belongs to the caller's dispose scope.</summary>
    public Tensor Value => isView ? slot.Value.narrow(1, firstColumn, Width) : slot.Value;

    /// <summary>What products read and norms give. Sums may be wider.</summary>
    public ScalarType Dtype => dtype;

    /// <summary>The rows as products read them; belongs to the caller's dispose scope where that differs from <see cref="Value"/>.</summary>
    public Tensor Operand => Value is var value && value.dtype == dtype ? value : value.to(dtype);

    /// <summary>Replaces all rows; what they were is lost.</summary>
    /// <param name="value"><c>[T, W]</c>; taken over.</param>
    public void Set(Tensor value)
    {
        if (isView)
        {
            using DisposeScope scope = NewDisposeScope();
            Value.copy_(value);
            value.Dispose();
            return;
        }
        slot.Replace(value);
    }

    public override Activations Columns(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + count, Width, nameof(count));
        return new TorchActivations(backend, slot, firstColumn + first, count, dtype, isView: true);
    }

    public override unsafe float[] ToArray(int firstRow, int numRows)
    {
        using DisposeScope scope = NewDisposeScope();
        float* rows = backend.Link.Receive(Value.narrow(0, firstRow, numRows).to(ScalarType.Float32));
        return new ReadOnlySpan<float>(rows, numRows * Width).ToArray();
    }
}

/// <summary>A tensor that is replaced from operation to operation.</summary>
/// <param name="name">What it holds.</param>
internal sealed class TensorSlot(string name) : IDisposable
{
    private Tensor? _value;

    /// <summary>The tensor, <c>[T, W]</c>.</summary>
    /// <exception cref="InvalidOperationException">Nothing has been computed into it yet.</exception>
    public Tensor Value => _value ?? throw new InvalidOperationException($"The {name} are read before they are computed.");

    /// <summary>Takes a tensor over, out of its dispose scope, and gives up the one before.</summary>
    public void Replace(Tensor value)
    {
        value.DetachFromDisposeScope();
        _value?.Dispose();
        _value = value;
    }

    public void Dispose()
    {
        _value?.Dispose();
        _value = null;
    }
}
