using Gemma4.Engine;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Models.Text;

namespace Gemma4.Verification;

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

    public void HiddenStates(int index, Activations hidden)
    {
        if (index == 0)
            Embeddings = hidden.ToArray(0, hidden.NumRows);
        int rows = Math.Min(tailRows, hidden.NumRows);
        _tail.AddRange(hidden.ToArray(hidden.NumRows - rows, rows));
    }

    public void Routing(int layer, ExpertChoice choice)
    {
        if (routingRows == 0)
            return;
        int rows = Math.Min(routingRows, choice.NumRows);
        _routing[layer] = (choice.Experts(0, rows), choice.Shares(0, rows));
    }
}
