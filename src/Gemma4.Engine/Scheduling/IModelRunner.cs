namespace Gemma4.Engine.Scheduling;

/// <summary>Executes plans. Implemented by the real model in <c>Execution</c> and by the ledger in the tests.</summary>
public interface IModelRunner : IDisposable
{
    /// <summary>Computes the plan's tokens and samples where it says so. Blocks until done; engine thread only.</summary>
    /// <returns>Valid until the next call.</returns>
    StepResult Execute(StepPlan plan);
}
