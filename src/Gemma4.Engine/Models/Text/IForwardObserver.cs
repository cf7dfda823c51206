using Gemma4.Engine.Backends;

namespace Gemma4.Engine.Models.Text;

/// <summary>Sees what a forward pass computes on its way; for verification.</summary>
internal interface IForwardObserver
{
    /// <summary>The residual stream <c>[T, D]</c>: embeddings at 0, after layer i at i + 1, the last one after the final norm. Borrowed.</summary>
    void HiddenStates(int index, Activations hidden);

    /// <summary>A router's choice. Borrowed.</summary>
    void Routing(int layer, ExpertChoice choice);
}
