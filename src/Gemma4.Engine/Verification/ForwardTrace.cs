using Gemma4.Engine.Models.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Verification;

/// <summary>Keeps the last rows of every hidden state and the first rows of every routing.</summary>
internal sealed class ForwardTrace(int tailRows, int routingRows) : IForwardObserver
{
    /// <summary>Rows of hidden states that the reference records.</summary>
    public const int ReferenceRows = 4;

    private readonly List<float> _tail = [];
    private readonly Dictionary<int, (int[] Experts, float[] Weights)> _routing = [];

    /// <summary>Hidden states <c>[layers + 1, tailRows, D]</c>, row-major.</summary>
    public float[] HiddenTail => [.. _tail];

    /// <summary>Experts and weights of the first rows, <c>[routingRows, A]</c>, by layer.</summary>
    public IReadOnlyDictionary<int, (int[] Experts, float[] Weights)> Routings => _routing;

    /// <summary>Embeddings of all rows, <c>[T, D]</c> row-major.</summary>
    public float[] Embeddings { get; private set; } = [];

    public void HiddenStates(int index, Tensor hidden)
    {
        using DisposeScope scope = NewDisposeScope();
        if (index == 0)
            Embeddings = Floats(hidden);
        long rows = Math.Min(tailRows, hidden.shape[0]);
        _tail.AddRange(Floats(hidden.narrow(0, hidden.shape[0] - rows, rows)));
    }

    public void Routing(int layer, Tensor input, Tensor experts, Tensor weights)
    {
        if (routingRows == 0)
            return;
        using DisposeScope scope = NewDisposeScope();
        long rows = Math.Min(routingRows, experts.shape[0]);
        _routing[layer] = ([.. experts.narrow(0, 0, rows).cpu().contiguous().data<long>().Select(e => (int)e)], Floats(weights.narrow(0, 0, rows)));
    }

    private static float[] Floats(Tensor values) => values.to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
}
