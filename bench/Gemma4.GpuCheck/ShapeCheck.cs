using System.Diagnostics;
using System.Text.Json.Nodes;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Execution;
using Gemma4.Engine.Models;

namespace Gemma4.GpuCheck;

/// <summary>One text model of released shape with random weights, in bfloat16: memory, speeds of prompts and of decoding, and whether neighbours change a row.</summary>
/// <param name="device">As on the command line.</param>
/// <param name="folder">Holds <c>config.json</c>.</param>
internal sealed class ShapeCheck(string device, string folder)
{
    private const int BlockSize = 16;
    private const int MaxPromptTokens = 2048;
    private const int DecodeContext = 1024;

    /// <summary>Positions that a sequence may take.</summary>
    private const int Room = MaxPromptTokens + BlockSize;

    private static readonly int[] PromptTokens = [128, 512, MaxPromptTokens];
    private static readonly int[] Sequences = [1, 8, 32, 100];

    public JsonObject Run()
    {
        Gemma4Config config = Gemma4Config.Load(folder) with { Vision = null, Audio = null };
        long started = Stopwatch.GetTimestamp();
        Backend backend = BackendFactory.Create(new ComputeOptions { Device = device, Backend = "torch", Dtype = "bfloat16" });
        backend.WaitForDevice();      // opens the device, which knows its memory from then on
        long freeBefore = backend.FreeKvBytes();
        var weights = new NoiseWeights();
        using var model = new Gemma4Model(config, backend, weights);
        backend.WaitForDevice();
        double loadSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        long free = backend.FreeKvBytes(), bytesOfSequence = KvMemory.Groups(config.Text, model.KvLayers, backend.KvFormat).Sum(group => group.BytesPerToken) * Room;
        int sequences = (int)Math.Clamp(free / 2 / bytesOfSequence, 1, Sequences[^1]);
        using var steps = new TimedSteps(model, sequences, Room / BlockSize, BlockSize);
        return new JsonObject
        {
            ["model"] = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)),
            ["backend"] = backend.Description,
            ["weight_bytes"] = weights.TakenBytes,
            ["load_seconds"] = Math.Round(loadSeconds, 1),
            ["free_bytes_before"] = freeBefore,
            ["free_bytes_after"] = free,
            ["kv_bytes_a_token"] = bytesOfSequence / Room,
            ["prompt"] = new JsonArray([.. PromptTokens.Select(t => Speed(steps, 1, t, 0))]),
            ["decode"] = new JsonArray([.. Sequences.Where(n => n <= sequences).Select(n => Speed(steps, n, 1, DecodeContext))]),
            ["invariance"] = Invariance(steps, sequences),
        };
    }

    private static JsonObject Speed(TimedSteps steps, int sequences, int tokensEach, int position)
    {
        double seconds = steps.Best(sequences, tokensEach, position);
        return new JsonObject
        {
            ["sequences"] = sequences,
            ["tokens_each"] = tokensEach,
            ["position"] = position,
            ["milliseconds"] = Math.Round(1e3 * seconds, 3),
            ["tokens_per_second"] = Math.Round(sequences * tokensEach / seconds, 1),
        };
    }

    /// <summary>The logits of one sequence alone and among others: kernels may sum in another order, no more.</summary>
    private static JsonObject Invariance(TimedSteps steps, int sequences)
    {
        float[] alone = steps.Logits(1, 1, DecodeContext), among = steps.Logits(Math.Min(sequences, 8), 1, DecodeContext);
        return new JsonObject
        {
            ["largest_difference"] = alone.Zip(among).Max(p => MathF.Abs(p.First - p.Second)),
            ["range_of_logits"] = alone.Max() - alone.Min(),
            ["same_best_token"] = Array.IndexOf(alone, alone.Max()) == Array.IndexOf(among, among.Max()),
        };
    }
}
