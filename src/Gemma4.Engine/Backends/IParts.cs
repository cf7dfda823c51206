namespace Gemma4.Engine.Backends;

/// <summary>Work in parts that can be done in any order, by any thread.</summary>
internal interface IParts
{
    /// <summary>Does one part.</summary>
    /// <param name="part">Which.</param>
    /// <param name="worker">Who: a number below the team's size that no other thread has meanwhile, for scratch memory.</param>
    void Run(int part, int worker);
}
