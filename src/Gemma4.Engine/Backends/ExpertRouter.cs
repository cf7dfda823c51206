namespace Gemma4.Engine.Backends;

/// <summary>Chooses A of E experts for every token: the best scores, and softmax over them as shares.</summary>
internal abstract class ExpertRouter
{
    /// <summary>Chooses.</summary>
    /// <param name="scores"><c>[T, E]</c>.</param>
    /// <returns>Valid until the next call.</returns>
    public abstract ExpertChoice Choose(Activations scores);
}
