using Gemma4.Engine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Gemma4.Engine.Tokenization;

namespace Gemma4.Verification;

/// <summary><c>verify tokenizer</c>: texts and their ids, as the reference implementation made them, against a tokenizer file.</summary>
public static class TokenizerVerifier
{
    private const string Usage = "usage: verify tokenizer CASES_JSON KEY=TOKENIZER_JSON...   (KEY names the cases' field of ids)";

    /// <summary>Checks every case with every tokenizer, prints a line for each, and what reading and encoding cost.</summary>
    /// <param name="args"><c>CASES_JSON KEY=TOKENIZER_JSON…</c>. The cases are an array, or an object with the array <c>cases</c> and
    /// perhaps <c>long</c>, texts of which only count and hash of the ids are given.</param>
    /// <param name="output">Where the lines go.</param>
    /// <returns>True when there was something to check and all of it held.</returns>
    public static bool Run(IReadOnlyList<string> args, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(output);
        if (args.Count < 2 || args.Skip(1).Any(a => a.IndexOf('=') <= 0))
        {
            output.WriteLine(Usage);
            return false;
        }
        try
        {
            using var cases = JsonDocument.Parse(File.ReadAllBytes(args[0]));
            bool holds = true;
            foreach (string arg in args.Skip(1))
                holds &= Verify(args[0], cases.RootElement, arg[..arg.IndexOf('=')], arg[(arg.IndexOf('=') + 1)..], output);
            return holds;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            output.WriteLine($"FAIL {e.Message}");
            return false;
        }
        catch (JsonException e)
        {
            output.WriteLine($"FAIL {args[0]}: not valid JSON: {e.Message}");
            return false;
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            output.WriteLine($"FAIL {args[0]}: a field is of another type than cases have: {e.Message}");
            return false;
        }
    }

    private static bool Verify(string casesPath, JsonElement root, string key, string tokenizerPath, TextWriter output)
    {
        var watch = Stopwatch.StartNew();
        Tokenizer tokenizer = Tokenizer.Load(tokenizerPath);
        TimeSpan loadTime = watch.Elapsed;
        int checkedCases = 0, failed = 0;
        List<string> texts = [];
        foreach (TokenizerCase @case in TokenizerCase.Read(root, key))
        {
            string? failure = @case.Check(tokenizer);
            string verdict = failure is null ? "ok  " : "FAIL";
            output.WriteLine($"{verdict} {key} {@case.Name} {Excerpt(@case.Text)}{(failure is null ? "" : ": " + failure)}");
            checkedCases++;
            failed += failure is null ? 0 : 1;
            texts.Add(@case.Text ?? "");
        }
        if (checkedCases == 0)
        {
            output.WriteLine($"FAIL {key}: {casesPath} has no case with the field '{key}'");
            return false;
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{key}: {checkedCases - failed} of {checkedCases} cases hold; {tokenizerPath}: {tokenizer.VocabularySize} tokens loaded in {loadTime.TotalSeconds:F2} s, encodes {MegabytesPerSecond(tokenizer, texts):F1} MB/s"));
        return failed == 0;
    }

    /// <summary>Encodes the texts laid end to end, over and over for a quarter of a second: an order of magnitude, not a benchmark.</summary>
    private static double MegabytesPerSecond(Tokenizer tokenizer, List<string> texts)
    {
        string text = string.Join('\n', texts);
        int textBytes = Encoding.UTF8.GetByteCount(text);
        List<int> ids = [];
        double best = 0;
        for (var all = Stopwatch.StartNew(); all.Elapsed < TimeSpan.FromSeconds(0.25);)
        {
            ids.Clear();
            var pass = Stopwatch.StartNew();
            tokenizer.Encode(text, recogniseAddedTokens: true, ids);
            best = Math.Max(best, textBytes / 1e6 / pass.Elapsed.TotalSeconds);
        }
        return best;
    }

    private static string Excerpt(string? text)
    {
        const int shown = 40;
        string json = JsonSerializer.Serialize(text is { Length: > shown } ? text[..shown] : text ?? "");
        return text is { Length: > shown } ? json + "..." : json;
    }
}
