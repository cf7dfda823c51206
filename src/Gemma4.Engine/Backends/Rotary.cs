namespace Gemma4.Engine.Backends;

/// <summary>Rotary position embedding of the first R pairs (i, i + H/2) of a head; the other pairs stand still.</summary>
/// <remarks>Su et al. 2021, eq. 34, with the halves paired as Gemma does.</remarks>
internal abstract class Rotary
{
    /// <summary>Turns every head of every row, in place, by the angles of the row's position.</summary>
    /// <param name="heads"><c>[T, n · H]</c>.</param>
    public abstract void Apply(Activations heads);
}
