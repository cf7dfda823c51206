using System.Text.Json;
using Gemma4.Engine.KvCache;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.KvCache;

public sealed class KvCostTableTests
{
    public static TheoryData<string> Models => [.. KvModelShape.Released.Select(m => m.Name)];

    [Theory]
    [MemberData(nameof(Models))]
    public void Released_shapes_are_those_of_the_published_configurations(string name)
    {
        string path = RepositoryPaths.RequireShared($"reference/configs/gemma-4-{name}-it/config.json");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
        JsonElement text = document.RootElement.GetProperty("text_config");
        int numShared = text.GetProperty("num_kv_shared_layers").GetInt32();
        string[] kinds = [.. text.GetProperty("layer_types").EnumerateArray().Select(t => t.GetString()!).SkipLast(numShared)];
        int kvHeads = text.GetProperty("num_key_value_heads").GetInt32();
        JsonElement globalKvHeads = text.GetProperty("num_global_key_value_heads");

        Assert.Equal(
            new KvModelShape(
                name,
                kinds.Count(k => k == "full_attention"),
                globalKvHeads.ValueKind == JsonValueKind.Number ? globalKvHeads.GetInt32() : kvHeads,
                text.GetProperty("global_head_dim").GetInt32(),
                text.GetProperty("attention_k_eq_v").GetBoolean(),
                kinds.Count(k => k == "sliding_attention"),
                kvHeads,
                text.GetProperty("head_dim").GetInt32(),
                text.GetProperty("sliding_window").GetInt32(),
                text.GetProperty("max_position_embeddings").GetInt32()),
            KvModelShape.Released.Single(m => m.Name == name));
    }

    [Fact]
    public void Row_of_the_31B_is_what_a_pencil_gives()
    {
        // Full: 10 layers * 4 heads * 512 * 1 vector * 2 bytes; window: 50 * 16 * 256 * 2 * 2, in 65 blocks once it moves.
        string table = KvCostTable.ForModels([KvModelShape.Released[^1]], 2);
        Assert.Contains("| 31B | ours | 40960 | 819200 | 840.0 | 1132.5 | 2092.5 | 5932.5 |", table, StringComparison.Ordinal);
        Assert.Contains("| 31B | vLLM | 81920 | 819200 | 880.0 | 1452.5 | 3372.5 | 11052.5 |", table, StringComparison.Ordinal);
        Assert.Contains("| 31B | all kept | 901120 | 0 |", table, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_is_told_in_tokens_and_sequences()
    {
        var plan = new KvCachePlan(16, [new KvGroupSpec(null, 1024), new KvGroupSpec(64, 2048)], [640, 64]);
        string text = KvCostTable.ForPlan(plan, 2048);
        Assert.Contains("all positions: 1024 bytes a token, 10240 tokens", text, StringComparison.Ordinal);
        Assert.Contains("window of 64: 2048 bytes a token, 1024 tokens", text, StringComparison.Ordinal);
        Assert.Contains("a sequence of 1024 tokens: 1.2 MiB; 10 fit at once", text, StringComparison.Ordinal);
        Assert.Contains("a sequence of 2048 tokens: 2.2 MiB; 5 fit at once", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Table_of_the_documentation_is_the_computed_one()
    {
        string document = File.ReadAllText(Path.Combine(RepositoryPaths.Root, "docs", "kv-cache.md"));
        string table = KvCostTable.ForModels(KvModelShape.Released, 2);
        Assert.True(document.Contains(table, StringComparison.Ordinal), $"docs/kv-cache.md must hold this table:\n{table}");
    }
}
