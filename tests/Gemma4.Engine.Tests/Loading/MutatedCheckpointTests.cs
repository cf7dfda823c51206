using System.Text;
using System.Text.Json.Nodes;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Tokenization;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Loading;

/// <summary>Damages a checkpoint's files and opens it as the server does: it answers, or is refused by name; the process lives.</summary>
public sealed class MutatedCheckpointTests
{
    private const string Model = "tiny-e2b";
    private const int MutantsOfAFile = 30;

    private static readonly string?[] Extremes =
        ["0", "-1", "1", "2147483647", "-2147483648", "2147483648", "1e999", "-1e-999", "0.5", "null", "true", "\"\"", "\"\\ud800\"", "[]", "{}", "[[]]"];

    [Theory]
    [InlineData("config.json")]
    [InlineData("generation_config.json")]
    [InlineData("tokenizer.json")]
    [InlineData("chat_template.jinja")]
    [InlineData("model.safetensors")]
    [InlineData("processor_config.json")]
    public async Task Damaged_file_is_refused_by_name_or_answers(string name)
    {
        using CheckpointFolder folder = CheckpointFolder.Copy(Model);
        File.Copy(Path.Combine(RepositoryPaths.DemoModel, "chat_template.jinja"), Path.Combine(folder.Directory, "chat_template.jinja"), overwrite: true);
        string path = Path.Combine(folder.Directory, name);
        byte[] valid = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        Assert.Null(await OpenAsync(folder.Directory));
        int refused = 0;
        for (int i = 0; i < MutantsOfAFile; i++)
        {
            int seed = FileMutator.FirstSeed + i;
            await File.WriteAllBytesAsync(path, Mutate(name, valid, new Random(seed)), TestContext.Current.CancellationToken);
            try
            {
                refused += await OpenAsync(folder.Directory) is null ? 0 : 1;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed} of {name}: {e.GetType().Name}: {e.Message}", e);
            }
        }
        Assert.InRange(refused, 1, MutantsOfAFile);
    }

    /// <summary>Opens a checkpoint and asks for one token.</summary>
    /// <returns>Why it was refused; null where it answered. Throws whatever is no refusal.</returns>
    private static async Task<string?> OpenAsync(string directory)
    {
        using var meters = new TestMeterFactory();
        try
        {
            Gemma4Config config = Gemma4Config.Load(directory);
            string tokenizerFile = Path.Combine(directory, "tokenizer.json");
            Tokenizer tokenizer = Tokenizer.Load(tokenizerFile);
            config.RequireTokenizer(tokenizerFile, tokenizer.VocabularySize);
            ChatRenderer renderer = ChatRenderer.Load(directory);
            var options = new EngineOptions { MaxTokensPerStep = 128, MaxSequences = 1, KvCacheBytes = 16 << 20, MaxContextLength = 1024 };
            await using GemmaEngine engine = EngineLoader.Load(directory, new ComputeOptions { Device = "cpu" }, options, meters, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance, TimeProvider.System);
            RenderedPrompt prompt = renderer.Render([new ChatMessage { Role = "user", Content = "Hi" }]);
            var request = new GenerationRequest
            {
                Id = "0",
                PromptTokenIds = [.. new PromptTokenizer(tokenizer).Tokenize(prompt, []).TokenIds],
                Sampling = new SamplingParams { Temperature = 0 },
                StopTokenIds = config.Generation.EndTokenIds,
                MaxTokens = 1,
            };
            await using GenerationStream stream = await engine.SubmitAsync(request, TestContext.Current.CancellationToken);
            List<TokenEvent> events = await LedgerEngine.ReadAsync(stream);
            if (events[^1].FinishReason == FinishReason.Error)
            {
                // Weights of any size are weights: what overflows ends its own sequence.
                Assert.Contains("not a number", events[^1].Error, StringComparison.Ordinal);
                return events[^1].Error;
            }
            Assert.InRange(events[^1].TokenId ?? 0, 0, config.Text.VocabSize - 1);
            return null;
        }
        catch (Exception e) when (e is CheckpointException or InvalidDataException)
        {
            Assert.Contains(directory, e.Message, StringComparison.Ordinal);
            return e.Message;
        }
        catch (RequestRejectedException e)
        {
            return e.Message;
        }
    }

    private static byte[] Mutate(string name, byte[] valid, Random random) => Path.GetExtension(name) switch
    {
        ".json" when random.Next(2) == 0 => MutateJson(valid, random),
        ".safetensors" => MutateWeights(valid, random),
        _ => FileMutator.Mutate(valid, random),
    };

    /// <summary>A file that is still JSON, but says something else in one or two places.</summary>
    private static byte[] MutateJson(byte[] valid, Random random)
    {
        JsonNode root = JsonNode.Parse(valid)!;
        for (int m = random.Next(1, 3); m > 0; m--)
        {
            List<(JsonNode Parent, string? Key, int Index)> places = [.. Places(root)];
            (JsonNode parent, string? key, int index) = places[random.Next(places.Count)];
            string text = Extremes[random.Next(Extremes.Length)]!;
            JsonNode? value = text.Contains("\\u", StringComparison.Ordinal) ? JsonValue.Create("SURROGATE") : JsonNode.Parse(text);
            if (key is not null)
                parent[key] = value;
            else
                parent[index] = value;
        }
        return Encoding.UTF8.GetBytes(root.ToJsonString().Replace("SURROGATE", "\\ud800", StringComparison.Ordinal));
    }

    private static IEnumerable<(JsonNode Parent, string? Key, int Index)> Places(JsonNode node)
    {
        IEnumerable<(JsonNode?, string?, int)> children = node switch
        {
            JsonObject o => o.Select(p => (p.Value, (string?)p.Key, 0)),
            JsonArray a => a.Take(4).Select((v, i) => (v, (string?)null, i)),
            _ => [],
        };
        foreach ((JsonNode? child, string? key, int index) in children)
        {
            yield return (node, key, index);
            foreach (var inner in child is null ? [] : Places(child))
                yield return inner;
        }
    }

    /// <summary>A third each: the header's JSON, its bytes, the data.</summary>
    private static byte[] MutateWeights(byte[] valid, Random random)
    {
        int length = (int)BitConverter.ToInt64(valid);
        byte[] header = valid[..(8 + length)], data = valid[(8 + length)..];
        switch (random.Next(3))
        {
            case 0:
                byte[] json = MutateJson(header[8..], random);
                return [.. BitConverter.GetBytes((long)json.Length), .. json, .. data];
            case 1:
                return [.. FileMutator.Mutate(header, random), .. data];
            default:
                return [.. header, .. FileMutator.Mutate(data, random)];
        }
    }
}
