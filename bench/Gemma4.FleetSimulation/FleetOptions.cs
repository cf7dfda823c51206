using System.Globalization;

namespace Gemma4.FleetSimulation;

/// <summary>What to simulate, from the command line.</summary>
internal sealed record FleetOptions
{
    public const string Usage = """
        Gemma4.FleetSimulation steps|fleet [--name value ...]     the engine's scheduler in simulated time
          steps   the time of steps, and what N clients get of one server
          fleet   latency against load of many servers behind a router
          --config DIR        demo-model         a model's folder; only config.json is read
          --bits N            16                 bits a weight, scales included: 16 bfloat16, 4.5 Q4_0
          --kv-bytes N        2                  bytes of a number of a key or value
          --machine NAME      zen4               zen4, zen4-bfloat16, sapphire (measured); l4, rtx4090, l40s, a100, h100, h200 (computed)
          --clients LIST      1,8,32             steps: clients at once
          --prompt N          1000               steps: tokens of a prompt; --output 200 of an answer
          --servers LIST      1,10               fleet: servers
          --load LIST         0.25,0.5           fleet: conversations a second and server
          --routing LIST      random,conversation,load,prefix,prefix-load
          --seconds N         300                fleet: simulated time, of which the first third is not measured
          --max-sequences N   128                sequences that share a step
          --seed N            1
        """;

    public string Verb { get; private init; } = "";

    public string Config { get; private init; } = "demo-model";

    public double Bits { get; private init; } = 16;

    public int KvBytes { get; private init; } = 2;

    public string Machine { get; private init; } = "zen4";

    public IReadOnlyList<int> Clients { get; private init; } = [1, 8, 32];

    public int PromptTokens { get; private init; } = 1000;

    public int OutputTokens { get; private init; } = 200;

    public IReadOnlyList<int> Servers { get; private init; } = [1, 10];

    public IReadOnlyList<double> Load { get; private init; } = [0.25, 0.5];

    public IReadOnlyList<string> Routing { get; private init; } = Routings;

    public int Seconds { get; private init; } = 300;

    public int MaxSequences { get; private init; } = 128;

    public int Seed { get; private init; } = 1;

    private static readonly string[] Routings = ["random", "conversation", "load", "prefix", "prefix-load"];

    /// <exception cref="FormatException">An option is unknown or its value is wrong; the message names it.</exception>
    public static FleetOptions Parse(IReadOnlyList<string> args)
    {
        if (args.Count == 0 || args[0] is not ("steps" or "fleet"))
            throw new FormatException("The first word is steps or fleet.");
        var options = new FleetOptions { Verb = args[0] };
        for (int i = 1; i < args.Count; i++)
        {
            string name = args[i];
            string value = i + 1 < args.Count ? args[++i] : throw new FormatException($"{name} needs a value.");
            options = name switch
            {
                "--config" => options with { Config = value },
                "--bits" => options with { Bits = Number(name, value, 0.5, 64) },
                "--kv-bytes" => options with { KvBytes = (int)Number(name, value, 1, 4) },
                "--machine" => options with { Machine = Machines.All.ContainsKey(value) ? value : throw new FormatException($"{name}: one of {string.Join(", ", Machines.All.Keys)}, not '{value}'.") },
                "--clients" => options with { Clients = [.. value.Split(',').Select(c => (int)Number(name, c, 1, 4096))] },
                "--prompt" => options with { PromptTokens = (int)Number(name, value, 1, 1 << 20) },
                "--output" => options with { OutputTokens = (int)Number(name, value, 1, 1 << 20) },
                "--servers" => options with { Servers = [.. value.Split(',').Select(s => (int)Number(name, s, 1, 10_000))] },
                "--load" => options with { Load = [.. value.Split(',').Select(l => Number(name, l, 1e-6, 1e6))] },
                "--routing" => options with { Routing = [.. value.Split(',').Select(r => Routings.Contains(r) ? r : throw new FormatException($"{name}: of {string.Join(", ", Routings)}, not '{r}'."))] },
                "--seconds" => options with { Seconds = (int)Number(name, value, 3, 1_000_000) },
                "--max-sequences" => options with { MaxSequences = (int)Number(name, value, 1, 4096) },
                "--seed" => options with { Seed = (int)Number(name, value, 0, int.MaxValue) },
                _ => throw new FormatException($"Unknown option {name}."),
            };
        }
        return options;
    }

    private static double Number(string name, string value, double min, double max) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number >= min && number <= max
            ? number
            : throw new FormatException($"{name}: a number from {min} to {max}, not '{value}'.");
}
