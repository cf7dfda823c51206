using System.Globalization;
using System.Net;

namespace Gemma4.LoadTest;

/// <summary>What to send, from the command line. Every bound has a default, so a run always ends.</summary>
internal sealed record LoadOptions
{
    public const string Usage = """
        Gemma4.LoadTest [--name value ...]      seeded load on a server of this machine; prints latencies and throughput
          --base URL            http://127.0.0.1:8000; loopback addresses only
          --model ID            gemma-4-demo
          --api-key KEY         none
          --clients LIST        1,8,32,100     concurrent clients; one line of results for each
          --requests N          4              requests a client
          --rate R              0              mean arrivals a second (exponential gaps); 0 sends the next as soon as one ends
          --prompt-words MIN:MAX 20:200        words a prompt, log-uniform
          --output-tokens MIN:MAX 32:128       tokens an answer, log-uniform; end tokens are ignored
          --prompts distinct|equal distinct    equal: every client sends the same prompt
          --check               compares every answer (temperature 0) with the answer the same prompt got alone
          --prefix WORDS        0              instead: time to first token of one prompt of WORDS words, cold and cached, 5 times
          --images N          0              instead: latencies of --clients clients' text alone and beside N requests with an image each
          --large-image                      with --images: all send one image of 4000x3000, prepared each time and encoded once
          --image-budgets LIST none          instead: time to first token of one and of two images of 1280x720, by soft tokens
          --videos SECONDS       0              instead: time to first token of videos of SECONDS (needs ffmpeg, here and at the server), 5 times
          --batch LINES          0              instead: an interactive client's latencies alone and beside a batch of LINES lines in turn, and the batch's speed beside 64 clients
          --shared-words N       0              with --batch: only the speed, of lines of which 40 each begin with the same N words
          --soak SECONDS         0              instead: starts a server of its own and loads it with everything at twice its capacity (./dev soak)
          --server FILE          none           with --soak: the server's program, gemma4.dll
          --seed N              1
          --timeout SECONDS     300            for one request; --max-seconds 900 for the whole run
          --json FILE           also write the results there
        """;

    public Uri Base { get; private init; } = new("http://127.0.0.1:8000");

    public string Model { get; private init; } = "gemma-4-demo";

    public string? ApiKey { get; private init; }

    public IReadOnlyList<int> Clients { get; private init; } = [1, 8, 32, 100];

    public int RequestsPerClient { get; private init; } = 4;

    public double Rate { get; private init; }

    public (int Min, int Max) PromptWords { get; private init; } = (20, 200);

    public (int Min, int Max) OutputTokens { get; private init; } = (32, 128);

    public bool EqualPrompts { get; private init; }

    public bool Check { get; private init; }

    public int PrefixWords { get; private init; }

    public int Images { get; private init; }

    public bool LargeImage { get; private init; }

    public IReadOnlyList<int> ImageBudgets { get; private init; } = [];

    public int VideoSeconds { get; private init; }

    public int BatchLines { get; private init; }

    public int SharedWords { get; private init; }

    public int SoakSeconds { get; private init; }

    public string? Server { get; private init; }

    public int Seed { get; private init; } = 1;

    public TimeSpan Timeout { get; private init; } = TimeSpan.FromSeconds(300);

    public TimeSpan MaxDuration { get; private init; } = TimeSpan.FromSeconds(900);

    public string? JsonFile { get; private init; }

    /// <exception cref="FormatException">An option is unknown or its value is wrong; the message names it.</exception>
    public static LoadOptions Parse(IReadOnlyList<string> args)
    {
        var options = new LoadOptions();
        for (int i = 0; i < args.Count; i++)
        {
            string name = args[i];
            if (name == "--check")
            {
                options = options with { Check = true };
                continue;
            }
            if (name == "--large-image")
            {
                options = options with { LargeImage = true };
                continue;
            }
            string value = i + 1 < args.Count ? args[++i] : throw new FormatException($"{name} needs a value.");
            options = name switch
            {
                "--base" => options with { Base = Loopback(value) },
                "--model" => options with { Model = value },
                "--api-key" => options with { ApiKey = value },
                "--clients" => options with { Clients = [.. value.Split(',').Select(c => Whole(name, c, 1, 1000))] },
                "--requests" => options with { RequestsPerClient = Whole(name, value, 1, 10_000) },
                "--rate" => options with { Rate = double.Parse(value, CultureInfo.InvariantCulture) },
                "--prompt-words" => options with { PromptWords = Range(name, value) },
                "--output-tokens" => options with { OutputTokens = Range(name, value) },
                "--prompts" => options with { EqualPrompts = value is "equal" or "distinct" ? value == "equal" : throw new FormatException($"{name}: equal or distinct, not '{value}'.") },
                "--prefix" => options with { PrefixWords = Whole(name, value, 1, 1_000_000) },
                "--images" => options with { Images = Whole(name, value, 1, 1000) },
                "--image-budgets" => options with { ImageBudgets = [.. value.Split(',').Select(b => Whole(name, b, 1, 10_000))] },
                "--videos" => options with { VideoSeconds = Whole(name, value, 1, 3600) },
                "--batch" => options with { BatchLines = Whole(name, value, 1, 50_000) },
                "--shared-words" => options with { SharedWords = Whole(name, value, 1, 10_000) },
                "--soak" => options with { SoakSeconds = Whole(name, value, 1, 36_000) },
                "--server" => options with { Server = File.Exists(value) ? Path.GetFullPath(value) : throw new FormatException($"--server: there is no {value}; build src/Gemma4.Server.") },
                "--seed" => options with { Seed = Whole(name, value, 0, int.MaxValue) },
                "--timeout" => options with { Timeout = TimeSpan.FromSeconds(Whole(name, value, 1, 3600)) },
                "--max-seconds" => options with { MaxDuration = TimeSpan.FromSeconds(Whole(name, value, 1, 36_000)) },
                "--json" => options with { JsonFile = value },
                _ => throw new FormatException($"Unknown option {name}."),
            };
        }
        return options.SoakSeconds > 0 && options.Server is null ? throw new FormatException("--soak needs --server FILE.") : options;
    }

    /// <summary>A load test is no weapon: it talks to this machine only.</summary>
    private static Uri Loopback(string value)
    {
        var uri = new Uri(value, UriKind.Absolute);
        bool loopback = uri.Host == "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
        return loopback ? uri : throw new FormatException($"--base {value}: only loopback addresses (127.0.0.1, localhost, [::1]) are allowed.");
    }

    private static int Whole(string name, string value, int min, int max) =>
        int.TryParse(value, CultureInfo.InvariantCulture, out int number) && number >= min && number <= max
            ? number
            : throw new FormatException($"{name}: a whole number from {min} to {max}, not '{value}'.");

    private static (int, int) Range(string name, string value)
    {
        string[] parts = value.Split(':');
        int min = Whole(name, parts[0], 1, 1_000_000);
        return (min, parts.Length == 1 ? min : Whole(name, parts[1], min, 1_000_000));
    }
}
