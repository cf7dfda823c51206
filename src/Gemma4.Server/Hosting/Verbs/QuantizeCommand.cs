using System.CommandLine;
using Gemma4.Engine;
using Gemma4.Engine.Configuration;
using Gemma4.Server.Hub;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Hosting;

/// <summary><c>quantize IN OUT</c>: writes a model again, its weights quantised and laid as they are multiplied.</summary>
internal static class QuantizeCommand
{
    public static Command Create(TextWriter output, TextWriter errors)
    {
        var from = new Argument<string>("IN") { Description = "the model: a folder, a GGUF file, or a name of the hub" };
        var to = new Argument<string>("OUT") { Description = "the folder to make; it appears when it is complete" };
        Option<string> quantization = VerbOptions.Quantization();
        var mmproj = new Option<string>("--mmproj") { Description = "GGUF file with the towers of a GGUF model", HelpName = "FILE" };
        Option<int?> threads = VerbOptions.Threads();
        var command = new Command("quantize", "Write a model again as it is computed with, so that the next start maps it and packs nothing.") { from, to, quantization, mmproj, threads };
        command.SetAction(async (result, cancellationToken) =>
        {
            var model = new ModelOptions { Path = result.GetValue(from)!, Mmproj = result.GetValue(mmproj) };
            var compute = new ComputeOptions { Device = "cpu", Quantization = result.GetValue(quantization)!, Threads = result.GetValue(threads) };
            (string path, string? towers) = await CheckpointFiles.FindAsync(model, DownloadDisplay.Of(errors), cancellationToken);
            try
            {
                using var progress = new RepackDisplay(Console.IsErrorRedirected ? null : errors, TimeProvider.System);
                string file = await Task.Run(() => CheckpointRepacker.Write(Checkpoint.Open(path, towers), result.GetValue(to)!, compute, progress, cancellationToken), cancellationToken);
                await output.WriteLineAsync(file);
                return ExitCodes.Done;
            }
            catch (Exception exception) when (exception is CheckpointException or IOException or UnauthorizedAccessException)
            {
                await errors.WriteLineAsync(exception.Message);
                return ExitCodes.Failed;
            }
        });
        return command;
    }
}
