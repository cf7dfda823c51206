using Gemma4.Engine.Scheduling;

namespace Gemma4.Testing;

/// <summary>Holds an engine before a step until the test lets it go on.</summary>
internal sealed class StepGate
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly SemaphoreSlim _reached = new(0);
    private readonly SemaphoreSlim _released = new(0);
    private volatile bool _open;

    /// <summary>Give this to the runner as what it does before each step.</summary>
    public void BeforeStep(StepPlan plan)
    {
        if (_open)
            return;
        _reached.Release();
        if (!_released.Wait(Limit))
            throw new TimeoutException("the test never let the step go on");
    }

    /// <summary>Waits until the engine stands before a step.</summary>
    public async Task ReachedAsync()
    {
        if (!await _reached.WaitAsync(Limit))
            throw new TimeoutException("the engine never came to a step");
    }

    /// <summary>Lets one step run.</summary>
    public void Release() => _released.Release();

    /// <summary>Lets all further steps run.</summary>
    public void Open()
    {
        _open = true;
        _released.Release();
    }
}
