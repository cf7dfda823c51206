using System.Diagnostics.Metrics;
using Gemma4.Engine;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Backends.Torch;
using Gemma4.Engine.Loading;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Engine.Tokenization;
using Gemma4.Server.Hub;
using Gemma4.Server.Media;
using Gemma4.Server.Settings;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Serving;

/// <summary>Loads the checkpoint that the options name.</summary>
internal sealed class CheckpointModelSource(
    IOptions<ModelOptions> model,
    IOptions<EngineOptions> engine,
    IOptions<ApiOptions> api,
    IOptions<ConstraintLimits> limits,
    IMeterFactory meters,
    ILoggerFactory loggers,
    TimeProvider time) : IModelSource
{
    /// <inheritdoc/>
    public async Task<LoadedModel> LoadAsync(IProgress<double> progress, CancellationToken cancellationToken)
    {
        ILogger log = loggers.CreateLogger<CheckpointModelSource>();
        var display = new DownloadDisplay(Console.IsErrorRedirected ? null : Console.Error, line => log.Fetching(line), time);
        (string path, string? mmproj) = await CheckpointFiles.FindAsync(model.Value, display, cancellationToken);
        (LoadedModel loaded, GemmaEngine started) = await Task.Run(() => Load(path, mmproj, progress, cancellationToken), cancellationToken);
        try
        {
            await WarmUp.RunAsync(started, [loaded.Tokenizer.Special.Bos ?? 0], cancellationToken);
            return loaded;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    private (LoadedModel Model, GemmaEngine Engine) Load(string path, string? mmproj, IProgress<double> progress, CancellationToken cancellationToken)
    {
        var checkpoint = Checkpoint.Open(path, mmproj, model.Value.TextOnly);
        Gemma4Config config = checkpoint.Config;
        NativeThreads.Configure(config.LeavesTowers && model.Value.Backend != "torch" ? null : model.Value.Threads); // text alone loads no libtorch
        if (config.LeavesTowers)
            loggers.CreateLogger<CheckpointModelSource>().TowersLeft(WhyLeft());
        if (engine.Value.MaxContextLength > config.Text.MaxPositions)
        {
            throw new OptionsException(
                $"Engine:MaxContextLength is {engine.Value.MaxContextLength}, and the model was made for {config.Text.MaxPositions} tokens (max_position_embeddings). "
                + "Lower it with --max-context, or leave it away.");
        }
        Tokenizer tokenizer = checkpoint.LoadTokenizer();
        ChatRenderer? chat = checkpoint.LoadChat(tokenizer);
        var constraints = new ConstraintCompiler(tokenizer, new ConstraintOptions { EndTokenIds = config.Generation.EndTokenIds, Limits = limits.Value });
        GemmaEngine loaded = EngineLoader.Load(
            checkpoint, model.Value.Compute, engine.Value, meters, loggers, time, new Shares(progress, cancellationToken));
        var served = new LoadedModel(loaded, tokenizer, chat, constraints, config.Generation, CheckpointFiles.Fingerprint(checkpoint.Files, model.Value))
        {
            Media = new MediaTraits(config.Vision is not null, config.Audio is not null, config.Processor.ImageSoftTokens)
            {
                VideoSoftTokens = config.Processor.VideoSoftTokens,
                VideoFrames = config.Processor.VideoFrames,
                LeftAway = config.LeavesTowers ? $"images, videos and audio clips are not taken: {WhyLeft()}." : null,
            },
            Format = checkpoint.Format,
            SizeBytes = CheckpointFiles.SizeBytes(checkpoint.Files),
            JsonWhitespace = api.Value.JsonWhitespace == "json" ? JsonWhitespace.Json : JsonWhitespace.Compact,
        };
        return (served, loaded);
    }

    private static string WhyLeft() => LibTorch.IsPresent ? "the server was started with --text-only" : LibTorch.Absence;

    /// <summary>Reports synchronously: the framework's own progress would hop to the thread pool and arrive out of order. Gives the load up
    /// between two tensors when the server stops.</summary>
    private sealed class Shares(IProgress<double> progress, CancellationToken cancellationToken) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value)
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress.Report(value.BytesTotal == 0 ? 1 : (double)value.BytesLoaded / value.BytesTotal);
        }
    }
}
