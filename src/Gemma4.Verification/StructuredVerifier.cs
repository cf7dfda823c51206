using Gemma4.Engine;
using System.IO.Compression;
using System.Text.Json;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Engine.Tokenization;

namespace Gemma4.Verification;

/// <summary><c>verify structured FILE</c>: schemas with instances that they allow or not, one JSON a line as MaskBench lays them out
/// (<c>name</c>, <c>schema</c>, <c>tests</c> of <c>valid</c> and <c>data</c>).</summary>
/// <remarks>Instances are written without blanks in their own order of properties, so properties may come in any order unless
/// <c>--order schema</c> says otherwise; <c>--whitespace json</c> writes them as Python's <c>json.dumps</c> does and allows blanks.</remarks>
public static class StructuredVerifier
{
    /// <summary>How to call it.</summary>
    public const string Usage = "verify structured FILE [--tokenizer TOKENIZER_JSON] [--order any|schema] [--whitespace compact|json] [--failures N]";

    /// <summary>Schemas compiled and run once before anything is timed, so that the times are not those of the runtime's own compiler.</summary>
    private const int NumWarmUp = 100;

    /// <summary>Runs every schema of the file and prints failures, counts and times.</summary>
    /// <param name="args">The file, then options.</param>
    /// <param name="output">Where to write.</param>
    /// <returns>True when no invalid instance was allowed, at most 0.3 % of the schemas refused a valid one and 85 % pass; a schema that
    /// is refused with its reason is honest.</returns>
    /// <exception cref="ArgumentException">The arguments are wrong; the message says how they go.</exception>
    public static bool Run(IReadOnlyList<string> args, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(output);
        return RunAll(args, output).KeepsBar;
    }

    internal static StructuredRunner RunAll(IReadOnlyList<string> args, TextWriter output)
    {
        (string file, Dictionary<string, string> options) = Read(args);
        JsonWhitespace whitespace = Choose(options, "--whitespace", ("compact", JsonWhitespace.Compact), ("json", JsonWhitespace.Json));
        PropertyOrder order = Choose(options, "--order", ("any", PropertyOrder.Any), ("schema", PropertyOrder.Schema));
        Tokenizer tokenizer = Tokenizer.Load(options.GetValueOrDefault("--tokenizer") ?? FindDemoTokenizer());
        _ = tokenizer.TokenBytes(0);
        long before = LiveBytes();
        long started = System.Diagnostics.Stopwatch.GetTimestamp();
        ConstraintCompiler compiler = new(tokenizer, new() { PropertyOrder = order });
        TimeSpan built = System.Diagnostics.Stopwatch.GetElapsedTime(started);
        long bytes = LiveBytes() - before;
        GC.KeepAlive(compiler);
        output.WriteLine($"vocabulary of {tokenizer.VocabularySize:N0} tokens sorted in {built.TotalMilliseconds:F0} ms, {bytes / 1e6:F1} MB");

        JsonElement[] cases = [.. Lines(file).Where(l => !string.IsNullOrWhiteSpace(l)).Select(l => JsonElement.Parse(l))];
        StructuredRunner warmUp = new(compiler, tokenizer, whitespace);
        foreach (JsonElement item in cases.Take(NumWarmUp))
            warmUp.Run(item);
        StructuredRunner runner = new(compiler, tokenizer, whitespace);
        foreach (JsonElement item in cases)
            runner.Run(item);
        runner.Report(output, int.Parse(options.GetValueOrDefault("--failures", "20"), System.Globalization.CultureInfo.InvariantCulture));
        return runner;
    }

    private static long LiveBytes()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    /// <summary>The lines of a text file, or of a <c>.gz</c> of one.</summary>
    internal static IEnumerable<string> Lines(string file)
    {
        using Stream raw = File.OpenRead(file);
        using Stream stream = file.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(raw, CompressionMode.Decompress) : raw;
        using StreamReader reader = new(stream);
        while (reader.ReadLine() is { } line)
            yield return line;
    }

    private static (string File, Dictionary<string, string> Options) Read(IReadOnlyList<string> args)
    {
        string? file = null;
        Dictionary<string, string> options = [];
        for (int i = 0; i < args.Count; i++)
        {
            if (args[i] is "--tokenizer" or "--order" or "--whitespace" or "--failures" && i + 1 < args.Count)
                options[args[i]] = args[++i];
            else if (file is null && !args[i].StartsWith("--", StringComparison.Ordinal))
                file = args[i];
            else
                throw new ArgumentException($"{args[i]} is not understood. Usage: {Usage}");
        }
        return (file ?? throw new ArgumentException($"a file is expected. Usage: {Usage}"), options);
    }

    private static T Choose<T>(Dictionary<string, string> options, string name, params ReadOnlySpan<(string Word, T Value)> choices)
    {
        string word = options.GetValueOrDefault(name) ?? choices[0].Word;
        foreach ((string known, T value) in choices)
        {
            if (known == word)
                return value;
        }
        throw new ArgumentException($"{name} '{word}' is unknown. Usage: {Usage}");
    }

    /// <summary>The demo model lies above the working folder or above the program.</summary>
    private static string FindDemoTokenizer()
    {
        foreach (string start in (string[])[Environment.CurrentDirectory, AppContext.BaseDirectory])
        {
            for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
            {
                if (Path.Combine(folder.FullName, "demo-model", "tokenizer.json") is var path && File.Exists(path))
                    return path;
            }
        }
        throw new ArgumentException($"the demo model's tokenizer was not found; give --tokenizer. Usage: {Usage}");
    }
}
