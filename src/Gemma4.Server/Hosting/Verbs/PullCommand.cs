using System.CommandLine;
using Gemma4.Server.Hub;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Hosting;

/// <summary><c>pull NAME</c>: fetches a model into the cache, or its newest commit.</summary>
internal static class PullCommand
{
    public static Command Create(TextWriter output, TextWriter errors)
    {
        var name = new Argument<string>("NAME") { Description = "the model, as in google/gemma-4-E2B-it or unsloth/gemma-4-26B-A4B-it-GGUF:Q4_K_M" };
        var revision = new Option<string>("--revision") { Description = "branch, tag or commit (default main)", HelpName = "REV" };
        var command = new Command("pull", "Fetch a model of the Hugging Face Hub into its cache; what is there already is kept.") { name, revision };
        command.SetAction(async (result, cancellationToken) =>
        {
            string text = result.GetValue(name)!;
            ModelName model = ModelName.TryParse(text, result.GetValue(revision)) ?? throw new OptionsException(
                $"'{HubText.Line(text)}' is not the name of a model: write ORGANISATION/NAME, with :QUANTISATION for a GGUF file and @REVISION for a branch, tag or commit.");
            LocalModel local = await new ModelHub(HubSettings.Read()).PullAsync(model, DownloadDisplay.Of(errors), cancellationToken);
            await output.WriteLineAsync(local.Path);
            return ExitCodes.Done;
        });
        return command;
    }
}
