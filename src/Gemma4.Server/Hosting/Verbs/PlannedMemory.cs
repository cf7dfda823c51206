using Gemma4.Engine;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Execution;
using Gemma4.Server.Hub;

namespace Gemma4.Server.Hosting;

/// <summary>What a planned model takes of memory.</summary>
internal static class PlannedMemory
{
    /// <summary>Contexts are proposed in steps of this many tokens.</summary>
    private const int ContextStep = 1024;

    /// <summary>Writes a line a part.</summary>
    /// <param name="output">Takes the lines.</param>
    /// <param name="plan">The model.</param>
    /// <param name="engine">The clients as its sequences, each of the longest context.</param>
    /// <returns>Whether all of it fits.</returns>
    public static async Task<bool> ShowAsync(TextWriter output, ModelPlan plan, EngineOptions engine)
    {
        MemoryForecast forecast = plan.Memory(engine);
        int clients = engine.MaxSequences, tokens = engine.TypicalSequenceTokens;
        foreach ((string part, long bytes, string note) in ((string, long, string)[])
        [
            ("weights", forecast.WeightBytes, "made in memory while loading"),
            ("", forecast.MappedBytes, "mapped from their files, shared by processes"),
            ("KV cache", forecast.UsefulKvCacheBytes, $"{clients} × {tokens} tokens"),
            ("work", forecast.WorkBytes, "the largest step, media, the program"),
            ("together", Total(forecast), $"of {HubText.Bytes(forecast.LimitBytes)}"),
            ("in files", forecast.FileBytes, "tables read row by row, not resident"),
        ])
        {
            await output.WriteLineAsync($"{part,-9} {HubText.Bytes(bytes),9}   {note}");
        }
        if (Total(forecast) <= forecast.LimitBytes)
            return true;
        int fewer = Largest(clients - 1, n => Fits(plan, engine, n, tokens)), shorter = ContextStep * Largest((tokens - 1) / ContextStep, n => Fits(plan, engine, clients, ContextStep * n));
        string instead = (fewer, shorter) switch
        {
            (0, 0) => "Fewer bits (--quantization int4) take less.",
            (0, _) => $"{clients} clients of {shorter} tokens would fit; fewer bits (--quantization int4) take less, too.",
            (_, 0) => $"{fewer} clients of {tokens} tokens would fit; fewer bits (--quantization int4) take less, too.",
            _ => $"{fewer} clients of {tokens} tokens would fit, or {clients} of {shorter}; fewer bits (--quantization int4, --kv-dtype int8) take less, too.",
        };
        await output.WriteLineAsync($"It does not fit: {HubText.Bytes(Total(forecast) - forecast.LimitBytes)} too much. {instead}");
        return false;
    }

    private static long Total(MemoryForecast forecast) => forecast.WeightBytes + forecast.MappedBytes + forecast.UsefulKvCacheBytes + forecast.WorkBytes;

    private static bool Fits(ModelPlan plan, EngineOptions engine, int clients, int tokens)
    {
        MemoryForecast forecast = plan.Memory(new EngineOptions
        {
            MaxContextLength = tokens,
            TypicalSequenceTokens = tokens,
            MaxSequences = clients,
            MaxTokensPerStep = engine.MaxTokensPerStep,
            MemoryBudgetBytes = engine.MemoryBudgetBytes,
        });
        return Total(forecast) <= forecast.LimitBytes;
    }

    /// <summary>The largest number up to a limit for which something holds that holds for all smaller ones; 0 where it holds for none.</summary>
    private static int Largest(int limit, Func<int, bool> holds)
    {
        int good = 0, bad = limit + 1;
        while (bad - good > 1)
        {
            int middle = good + ((bad - good) / 2);
            (good, bad) = holds(middle) ? (middle, bad) : (good, middle);
        }
        return good;
    }
}
