using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Chooses experts on the device.</summary>
/// <param name="link">The way to host memory, for verification.</param>
/// <param name="numActive">A.</param>
/// <param name="expertScale"><c>[E]</c> float32.</param>
internal sealed class TorchExpertRouter(DeviceLink link, int numActive, Tensor expertScale) : ExpertRouter, IDisposable
{
    private readonly TorchExpertChoice _choice = new(link, numActive);

    public override ExpertChoice Choose(Activations scores)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor best, Tensor experts) = ((TorchActivations)scores).Value.to(ScalarType.Float32).topk(numActive, dim: -1);      // [T, A]
        Tensor scale = expertScale.index_select(0, experts.view(-1)).view(experts.shape);                                      // [T, A]
        _choice.Replace(experts, best.softmax(-1).mul_(scale));
        return _choice;
    }

    public void Dispose() => _choice.Dispose();
}

/// <summary>The choice of a step.</summary>
/// <param name="link">The way to host memory.</param>
/// <param name="numActive">A.</param>
internal sealed unsafe class TorchExpertChoice(DeviceLink link, int numActive) : ExpertChoice, IDisposable
{
    private readonly TensorSlot _experts = new("chosen experts");
    private readonly TensorSlot _shares = new("shares of experts");

    /// <summary><c>[T, A]</c> int64, best first.</summary>
    public Tensor ExpertsOfRows => _experts.Value;

    /// <summary><c>[T, A]</c> float32.</summary>
    public Tensor SharesOfRows => _shares.Value;

    public override int NumRows => (int)_experts.Value.shape[0];

    /// <summary>Takes a new choice over.</summary>
    public void Replace(Tensor experts, Tensor shares)
    {
        _experts.Replace(experts);
        _shares.Replace(shares);
    }

    public override int[] Experts(int firstRow, int numRows) => [.. Received(_experts.Value, firstRow, numRows).Select(e => (int)e)];

    public override float[] Shares(int firstRow, int numRows) => Received(_shares.Value, firstRow, numRows);

    public void Dispose()
    {
        _experts.Dispose();
        _shares.Dispose();
    }

    /// <summary>Numbers of experts are small enough to be floats.</summary>
    private float[] Received(Tensor rows, int firstRow, int numRows)
    {
        using DisposeScope scope = NewDisposeScope();
        float* numbers = link.Receive(rows.narrow(0, firstRow, numRows).to(ScalarType.Float32));
        return new ReadOnlySpan<float>(numbers, numRows * numActive).ToArray();
    }
}
