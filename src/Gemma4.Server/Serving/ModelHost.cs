using Gemma4.Engine;
using Gemma4.Server.Errors;

namespace Gemma4.Server.Serving;

/// <summary>The served model while it loads, serves and stops.</summary>
internal sealed class ModelHost
{
    private volatile LoadedModel? _model;
    private volatile string? _failure;
    private double _progress;

    /// <summary>Share of the weights that is loaded.</summary>
    public double Progress
    {
        get => Volatile.Read(ref _progress);
        set => Volatile.Write(ref _progress, value);
    }

    /// <summary>Threads still work on the model although the server has stopped: the process must not wait for them.</summary>
    public bool IsAbandoned { get; set; }

    /// <summary>The engine will not serve again: the process ends so that it is started anew.</summary>
    public bool HasEngineFailed { get; set; }

    /// <summary>Why it cannot be loaded; null while it may.</summary>
    public string? Failure => _failure;

    /// <summary>The model, null until it is loaded.</summary>
    public LoadedModel? Loaded => _model;

    /// <summary>The model.</summary>
    /// <exception cref="ApiException">503 while it loads, and when it cannot be served.</exception>
    public LoadedModel Ready()
    {
        LoadedModel? model = _model;
        if (model is null)
            throw new ApiException(ErrorTable.Unavailable(_failure is null
                ? $"The model is still loading ({Progress:P0}). Please try again."
                : $"The model cannot be served: {_failure}"));
        if (model.Engine.Health is { State: EngineState.Failed or EngineState.Stalled } health)
            throw new ApiException(ErrorTable.Unavailable($"The engine does not serve: {health.Reason}"));
        return model;
    }

    /// <summary>The model, if its queue takes another request now. Asked before a request's body is read: a full queue must cost nothing.</summary>
    /// <exception cref="ApiException">As <see cref="Ready"/>.</exception>
    /// <exception cref="Engine.Requests.RequestRejectedException">The queue is full, or the engine is stopping.</exception>
    public LoadedModel ReadyToGenerate()
    {
        LoadedModel model = Ready();
        model.Engine.CheckAdmission();
        return model;
    }

    /// <summary>From now on requests are served.</summary>
    public void Serve(LoadedModel model) => _model = model;

    /// <summary>The model will not come.</summary>
    public void Fail(string reason) => _failure = reason;
}
