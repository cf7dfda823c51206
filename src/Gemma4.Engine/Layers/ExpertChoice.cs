using Gemma4.Engine.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Layers;

/// <summary>Chooses A of E experts for every token by their scores.</summary>
/// <remarks>On the CPU a token's choice and shares do not depend on the tokens beside it, to the last bit.</remarks>
/// <param name="numActive">Experts a token is sent to, A.</param>
/// <param name="expertScale">What each expert's share is multiplied with, <c>[E]</c> float32; owned by the weight source.</param>
internal sealed unsafe class ExpertChoice(int numActive, Tensor expertScale)
{
    /// <summary>Chooses.</summary>
    /// <param name="scores"><c>[T, E]</c>.</param>
    /// <returns>Experts <c>[T, A]</c> int64, best first, and their shares <c>[T, A]</c> float32; the caller owns both.</returns>
    public (Tensor Experts, Tensor Shares) Of(Tensor scores)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor experts, Tensor shares) = scores.device_type == DeviceType.CPU && scores.dtype == ScalarType.Float32
            ? OnCpu(scores.contiguous())
            : OnDevice(scores);
        return (scope.MoveToOuter(experts), scope.MoveToOuter(shares));
    }

    private (Tensor Experts, Tensor Shares) OnCpu(Tensor scores)
    {
        int t = (int)scores.shape[0], e = (int)scores.shape[1];
        Tensor experts = empty([t, numActive], dtype: ScalarType.Int64), shares = empty([t, numActive], dtype: ScalarType.Float32);
        float* from = (float*)HostPointer.Of(scores), scale = (float*)HostPointer.Of(expertScale), to = (float*)HostPointer.Of(shares);
        long* chosen = (long*)HostPointer.Of(experts);
        for (int row = 0; row < t; row++)
        {
            TopExperts.Run(
                new ReadOnlySpan<float>(from + (long)row * e, e), new ReadOnlySpan<float>(scale, e),
                new Span<long>(chosen + row * numActive, numActive), new Span<float>(to + row * numActive, numActive));
        }
        GC.KeepAlive(scores);
        return (experts, shares);
    }

    private (Tensor Experts, Tensor Shares) OnDevice(Tensor scores)
    {
        Tensor probabilities = scores.to(ScalarType.Float32).softmax(-1);                                 // [T, E]
        (Tensor chosen, Tensor experts) = probabilities.topk(numActive, dim: -1);                         // [T, A]
        Tensor shares = chosen / chosen.sum(-1, keepdim: true);
        return (experts, shares * expertScale.index_select(0, experts.view(-1)).view_as(shares));
    }
}
