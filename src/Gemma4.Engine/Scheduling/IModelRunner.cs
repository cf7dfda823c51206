namespace Gemma4.Engine.Scheduling;

/// <summary>Executes plans. Implemented by the real model in <c>Execution</c> and by the ledger in the tests.</summary>
/// <remarks>Once an engine has it, it is called and disposed on the engine's thread only.</remarks>
public interface IModelRunner : IDisposable
{
    /// <summary>Computes the plan's tokens and samples where it says so. Blocks until done.</summary>
    /// <returns>Valid until the next call.</returns>
    /// <remarks>An exception ends the plan's sequences with an error. Keys and values of earlier steps must have stayed as they were,
    /// or <see cref="CanContinueAfter"/> must say no.</remarks>
    StepResult Execute(StepPlan plan);

    /// <summary>Says whether further steps make sense after <see cref="Execute"/> threw.</summary>
    /// <param name="fault">What it threw.</param>
    /// <returns>False when the device or the cache is lost; the engine then fails for good.</returns>
    bool CanContinueAfter(Exception fault) => true;
}
