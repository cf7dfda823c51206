namespace Gemma4.Server.Serving;

/// <summary>Where the served model comes from: the checkpoint of the options, or a test's fake.</summary>
internal interface IModelSource
{
    /// <summary>Loads it.</summary>
    /// <param name="progress">Told the share that is loaded, 0 to 1.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    Task<LoadedModel> LoadAsync(IProgress<double> progress, CancellationToken cancellationToken);
}
