using System.Globalization;
using Gemma4.Engine;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Simulation;

namespace Gemma4.Server.Hosting;

/// <summary>What clients would get of a planned model.</summary>
internal static class PlannedLoad
{
    /// <summary>Tokens that are simulated at most: a second or two.</summary>
    private const long MaxTokens = 50_000_000;

    /// <summary>Writes what one client alone would see, and all together.</summary>
    public static async Task ShowAsync(TextWriter output, ModelPlan plan, EngineOptions engine, PlannedSpeed speed, ClientLoad load)
    {
        if ((long)load.NumClients * load.RequestsPerClient * (load.PromptTokens + load.OutputTokens) > MaxTokens)
        {
            await output.WriteLineAsync($"speed     not reckoned: {load.NumClients} clients of {load.PromptTokens + load.OutputTokens} tokens are too many to simulate. Name fewer with --clients or --context.");
            return;
        }
        MachineSpeed machine = speed.Find(plan);
        if (plan.Serve(engine, machine, load with { NumClients = 1, RequestsPerClient = 1 }) is not { } alone || plan.Serve(engine, machine, load) is not { } together)
            return;      // no room for the cache of one
        await WriteAsync(output, "speed", $"{1 / alone.TokenInterval.P50.TotalSeconds:0.0} tokens/s for one client, its first after {Seconds(alone.FirstToken.P50)}");
        if (load.NumClients > 1)
        {
            await WriteAsync(
                output, "", $"{together.OutputTokensPerSecond:0.0} tokens/s for {load.NumClients} clients together: a token each {Seconds(together.TokenInterval.P50)} (95 of 100 within {Seconds(together.TokenInterval.P95)}), the first after {Seconds(together.FirstToken.P50)} (95 of 100 within {Seconds(together.FirstToken.P95)})");
        }
        await WriteAsync(output, "", $"prompts of {load.PromptTokens} tokens that share nothing, answers of {load.OutputTokens}; {speed.Describe(machine)}");
    }

    private static Task WriteAsync(TextWriter output, string part, FormattableString text) =>
        output.WriteLineAsync($"{part,-9} {text.ToString(CultureInfo.InvariantCulture)}");

    private static string Seconds(TimeSpan time) => time.TotalSeconds switch
    {
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms"),
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s"),
        _ => Hub.HubText.Time(time),
    };
}
