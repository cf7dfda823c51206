using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gemma4.Conformance;

/// <summary><c>conformance CASES</c>: starts a server on a free port and runs a file of HTTP cases against it.</summary>
internal static class ConformanceVerb
{
    private const string Usage = """
        conformance CASES.jsonl [--only REGEX] [--no vision,audio] [--skip FILE] [--verified-only] [--out RESULTS.jsonl] [-- SERVER SWITCHES]

        Beside CASES lie conformance-fixtures.json (values of placeholders) and, if answers are to be validated,
        openai-schemas.schema.json. --skip names a file of lines "case: reason". Exit code 0 only if every case that ran passed.

        """;

    /// <summary>The key the server is started with, so that cases about keys mean something.</summary>
    private const string Key = "sk-conformance";

    /// <param name="args">What follows the verb.</param>
    /// <param name="start">Starts the server of a command line and waits until its model is loaded, or cannot be.</param>
    /// <param name="output">Where the verb reports.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>0 when all hold, 1 when something does not, 2 when the call is wrong.</returns>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> args, Func<IReadOnlyList<string>, CancellationToken, Task<ICheckedServer>> start, TextWriter output, CancellationToken cancellationToken)
    {
        if (!ConformanceOptions.TryParse(args, out ConformanceOptions? options, out string? fault))
        {
            await output.WriteLineAsync(fault);
            await output.WriteAsync(Usage);
            return 2;
        }
        await using ICheckedServer server = await start(["--port", "0", "--api-key", Key, .. options.ServerArgs, "--Serilog:MinimumLevel:Default", "Error"], cancellationToken);
        if (server.Failure is { } failure)
        {
            await output.WriteLineAsync($"The server did not start: {failure}");
            return 1;
        }
        using var client = new HttpClient { BaseAddress = server.Address, Timeout = options.Timeout };
        IReadOnlyList<CaseResult> results = await RunCasesAsync(options, client, server.Model, output, cancellationToken);
        await ReportAsync(results, options, output);
        return results.Any(r => r.Skipped is null && !r.HasPassed) ? 1 : 0;
    }

    private static async Task<IReadOnlyList<CaseResult>> RunCasesAsync(
        ConformanceOptions options, HttpClient client, string model, TextWriter output, CancellationToken cancellationToken)
    {
        JsonElement fixtures = File.Exists(options.Beside("conformance-fixtures.json"))
            ? JsonElement.Parse(await File.ReadAllTextAsync(options.Beside("conformance-fixtures.json"), cancellationToken))
            : JsonElement.Parse("{}");
        var schemas = new AnswerSchemas(options.Beside("openai-schemas.schema.json"));
        var runner = new CaseRunner(client, new CasePlaceholders(fixtures, model), schemas, Key);
        var results = new List<CaseResult>();
        foreach (string line in File.ReadLines(options.Cases).Where(l => l.Trim().Length > 0))
        {
            JsonElement test = JsonElement.Parse(line);
            string name = test.GetProperty("name").GetString()!;
            if (options.Only is { } only && !Regex.IsMatch(name, only, RegexOptions.None, TimeSpan.FromSeconds(1)))
                continue;
            CaseResult result = options.SkipReason(test) is { } reason
                ? new CaseResult(name, [], null, false, reason)
                : await runner.RunAsync(test, cancellationToken);
            results.Add(result);
            await output.WriteLineAsync(Line(result));
        }
        return results;
    }

    private static string Line(CaseResult result) => result.Skipped is { } reason
        ? $"skip {result.Name}  {reason}"
        : result.HasPassed ? $"ok   {result.Name}" : $"FAIL {result.Name}  {string.Join("; ", result.Faults)}";

    private static async Task ReportAsync(IReadOnlyList<CaseResult> results, ConformanceOptions options, TextWriter output)
    {
        CaseResult[] run = [.. results.Where(r => r.Skipped is null)];
        await output.WriteLineAsync(
            $"{run.Count(r => r.HasPassed)}/{run.Length} pass; verified {run.Count(r => r.IsVerified && r.HasPassed)}/{run.Count(r => r.IsVerified)}; "
            + $"skipped {results.Count - run.Length}; answers >=500: {run.Count(r => r.Status >= 500)}; no answer: {run.Count(r => r.Status is null)}");
        if (options.Out is { } path)
            await File.WriteAllLinesAsync(path, results.Select(r => JsonSerializer.Serialize(r, ConformanceJsonContext.Default.CaseResult)));
    }
}
