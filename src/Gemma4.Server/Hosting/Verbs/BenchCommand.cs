using System.CommandLine;
using Gemma4.Engine;
using Gemma4.Engine.Configuration;
using Gemma4.Measurement;
using Gemma4.Server.Hub;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Hosting;

/// <summary><c>bench MODEL</c>: how fast a model's steps are on this machine.</summary>
internal static class BenchCommand
{
    public static Command Create(TextWriter output, TextWriter errors)
    {
        var model = new Argument<string>("MODEL") { Description = "the model: a folder, a GGUF file, or a name of the hub" };
        Option<string> quantization = VerbOptions.Quantization(), kvDtype = VerbOptions.KvDtype(), device = VerbOptions.Device();
        Option<string> backend = VerbOptions.Backend(), kernels = VerbOptions.Kernels();
        Option<int?> threads = VerbOptions.Threads();
        var command = new Command("bench", "Time a model's steps on this machine: a prompt, decoding of one sequence and of eight, the bandwidth, the memory.")
        {
            model, quantization, kvDtype, device, backend, kernels, threads,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            var compute = new ComputeOptions
            {
                Quantization = result.GetValue(quantization)!,
                KvDtype = result.GetValue(kvDtype)!,
                Device = result.GetValue(device)!,
                Backend = result.GetValue(backend)!,
                Kernels = result.GetValue(kernels)!,
                Threads = result.GetValue(threads),
            };
            (string path, _) = await CheckpointFiles.FindAsync(new ModelOptions { Path = result.GetValue(model)! }, DownloadDisplay.Of(errors), cancellationToken);
            try
            {
                // Only text is timed: towers would take memory and time to load.
                await Task.Run(() => ModelMeasurement.Run(Checkpoint.Open(path, textOnly: true), compute, output, cancellationToken), cancellationToken);
                return ExitCodes.Done;
            }
            catch (Exception exception) when (exception is CheckpointException or ArgumentException or PlatformNotSupportedException)
            {
                await errors.WriteLineAsync(exception.Message);
                return ExitCodes.Failed;
            }
        });
        return command;
    }
}
