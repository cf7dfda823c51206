using Gemma4.Engine;
using System.Text.Json;
using Gemma4.Engine.Tokenization;

namespace Gemma4.Verification;

/// <summary><c>verify parsing FILE</c>: answers of the model and what they must become, or conversations and their prompts.</summary>
/// <remarks>
/// The file holds JSON lines. One with <c>output</c> is an answer, run whole, by characters and at every split; one with
/// <c>expect_prompt</c> is a conversation, rendered with the newest template of its model family.
/// </remarks>
public static class ParsingVerifier
{
    /// <summary>How the verb is called.</summary>
    public const string Usage = "verify parsing FILE [--tokenizer TOKENIZER_JSON] [--templates TEMPLATES_DIR]";

    /// <summary>Runs every case and prints a line for each.</summary>
    /// <param name="args">What follows <c>verify parsing</c>.</param>
    /// <param name="output">Where the lines go.</param>
    /// <returns>True only if there was at least one case and all hold.</returns>
    public static bool Run(IReadOnlyList<string> args, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(output);
        try
        {
            return RunFile(new VerifyArguments(args, "--tokenizer", "--templates"), output);
        }
        catch (Exception fault) when (fault is ArgumentException or IOException or UnauthorizedAccessException or InvalidDataException
            or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            output.WriteLine($"{fault.Message}\nusage: {Usage}");
            return false;
        }
    }

    private static bool RunFile(VerifyArguments args, TextWriter output)
    {
        string file = args.Single();
        var runner = new Lazy<ParsingCaseRunner>(
            () => new ParsingCaseRunner(Tokenizer.Load(args["--tokenizer"] ?? DemoModelFile("tokenizer.json"))));
        var templates = new Lazy<RenderTemplates>(
            () => args["--templates"] is { } folder ? new RenderTemplates(folder) : RenderTemplates.Near(file));
        int numCases = 0;
        int numFailed = 0;
        foreach (string line in File.ReadLines(file).Where(l => !string.IsNullOrWhiteSpace(l)))
        {
            JsonElement element = JsonElement.Parse(line);
            string? difference = element.TryGetProperty("expect_prompt", out _)
                ? RenderCase.Run(element, templates.Value)
                : runner.Value.Run(new ParsingCase(element));
            output.WriteLine($"{(difference is null ? "ok  " : "FAIL")} {element.GetProperty("name").GetString()}{(difference is null ? "" : ": " + difference)}");
            numCases++;
            numFailed += difference is null ? 0 : 1;
        }
        output.WriteLine($"{numCases - numFailed} of {numCases} cases hold");
        return numCases > 0 && numFailed == 0;
    }

    /// <summary>A file of the demo model, which lies above the working folder or above the program.</summary>
    private static string DemoModelFile(string name)
    {
        foreach (string start in (string[])[Environment.CurrentDirectory, AppContext.BaseDirectory])
            for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
                if (Path.Combine(folder.FullName, "demo-model", name) is var path && File.Exists(path))
                    return path;
        throw new FileNotFoundException($"the demo model's {name} was not found; give --tokenizer");
    }
}
