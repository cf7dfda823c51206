using System.Text.Json;
using Gemma4.Engine.Tokenization;

namespace Gemma4.Engine.Verification;

/// <summary><c>verify parsing FILE</c>: answers of the model and what they must become.</summary>
public static class ParsingVerifier
{
    /// <summary>How to call it.</summary>
    public const string Usage = "verify parsing FILE [--tokenizer TOKENIZER_JSON]";

    /// <summary>Runs every case of a file of JSON lines and writes one line a case.</summary>
    /// <param name="args">The file, then options.</param>
    /// <param name="output">Where to write.</param>
    /// <returns>True when all cases hold.</returns>
    /// <exception cref="ArgumentException">The arguments are wrong; the message says how they go.</exception>
    public static bool Run(IReadOnlyList<string> args, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(output);
        var options = new VerifyArguments(args, Usage, "--tokenizer");
        string file = options.Single();
        var runner = new ParsingCaseRunner(Tokenizer.Load(options["--tokenizer"] ?? DemoModelFile("tokenizer.json")));
        int numCases = 0;
        int numFailed = 0;
        foreach (string line in File.ReadLines(file).Where(l => !string.IsNullOrWhiteSpace(l)))
        {
            var parsingCase = new ParsingCase(JsonElement.Parse(line));
            string? difference = runner.Run(parsingCase);
            output.WriteLine(difference is null ? $"ok    {parsingCase.Name}" : $"FAIL  {parsingCase.Name}: {difference}");
            numCases++;
            numFailed += difference is null ? 0 : 1;
        }
        output.WriteLine($"{numCases - numFailed} of {numCases} cases hold, each whole, by characters and at every split");
        return numCases > 0 && numFailed == 0;
    }

    /// <summary>A file of the demo model, which lies above the working folder or above the program.</summary>
    private static string DemoModelFile(string name)
    {
        foreach (string start in (string[])[Environment.CurrentDirectory, AppContext.BaseDirectory])
            for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
                if (Path.Combine(folder.FullName, "demo-model", name) is var path && File.Exists(path))
                    return path;
        throw new ArgumentException($"the demo model's {name} was not found; give --tokenizer. Usage: {Usage}");
    }
}
