using System.Runtime.InteropServices;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Blocks;
using Gemma4.Engine.Loading;
using Gemma4.Engine.Loading.Gguf;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Loading.Gguf;

/// <summary>Tensors found under their published names hold the published numbers.</summary>
public sealed class GgufTensorsTests
{
    [Theory]
    [InlineData("tiny-31b-BF16", "mmproj-tiny-31b-BF16", "tiny-31b")]
    [InlineData("tiny-26b-a4b-BF16", null, "tiny-26b-a4b")]
    [InlineData("tiny-e2b-BF16", "mmproj-tiny-e2b-BF16", "tiny-e2b")]
    public void Unquantised_files_hold_the_numbers_of_the_safetensors(string file, string? mmproj, string model)
    {
        GgufFile text = GgufFile.Read(GgufFixtures.Find(file));
        GgufFile? towers = mmproj is null ? null : GgufFile.Read(GgufFixtures.Find(mmproj));
        Gemma4Config config = GgufConfig.Read(text, towers);
        var weights = new GgufTensors(text, towers);
        int compared = 0;
        foreach (StoredTensor published in SafetensorsHeader.Read(Path.Combine(RepositoryPaths.Fixtures, "models", model, "model.safetensors")))
        {
            if (towers is null && !published.Name.StartsWith("model.language_model.", StringComparison.Ordinal))
                continue;
            if (GgufNames.IsInTextLayer(published.Name, out string layer, out string rest) && !config.Text.Layers[int.Parse(layer)].OwnsKv
                && rest is "self_attn.k_proj.weight" or "self_attn.v_proj.weight" or "self_attn.k_norm.weight")
                continue;
            LocatedWeight found = weights.Find(published.Name, published.Shape);
            float[] expected = Values(published), actual = Values(found);
            // The converter stores a logarithm's inverse; everything else has the same bits.
            float tolerance = found.Change == WeightChange.Softplus ? 1e-6f : 0;
            Assert.Equal(expected.Length, actual.Length);
            for (int i = 0; i < expected.Length; i++)
                Assert.True(MathF.Abs(expected[i] - actual[i]) <= tolerance, $"{published.Name}[{i}]: expected {expected[i]:R}, found {actual[i]:R}");
            compared++;
        }
        weights.RefuseStrangers(config);
        Assert.True(compared > 60, $"{compared} tensors were compared");
    }

    [Fact]
    public void Experts_apart_are_found_as_one_and_fused_queries_keys_values_one_by_one()
    {
        var apart = new GgufTensors(GgufFile.Read(GgufFixtures.Find("tiny-26b-a4b-Q4_0")), null);
        LocatedWeight both = apart.Find("model.language_model.layers.0.experts.gate_up_proj", [128, 48, 64]);
        Assert.Equal(256, both.Slices.Length);
        float[] values = Values(both), gate = Values(apart, "blk.0.ffn_gate_exps.weight", both), up = Values(apart, "blk.0.ffn_up_exps.weight", both);
        for (int e = 0; e < 128; e++)
        {
            Assert.True(values.AsSpan(e * 48 * 64, 24 * 64).SequenceEqual(gate.AsSpan(e * 24 * 64, 24 * 64)));
            Assert.True(values.AsSpan(e * 48 * 64 + 24 * 64, 24 * 64).SequenceEqual(up.AsSpan(e * 24 * 64, 24 * 64)));
        }

        var fused = new GgufTensors(GgufFile.Read(GgufFixtures.Find("tiny-k-mixed")), null);
        LocatedWeight q = fused.Find("model.language_model.layers.0.self_attn.q_proj.weight", [256, 256]);
        LocatedWeight k = fused.Find("model.language_model.layers.0.self_attn.k_proj.weight", [64, 256]);
        LocatedWeight v = fused.Find("model.language_model.layers.0.self_attn.v_proj.weight", [64, 256]);
        Assert.Equal([WeightFormat.Q5_K, WeightFormat.Q5_K, WeightFormat.Q5_K], [q.Format, k.Format, v.Format]);
        Assert.Equal(q.Slices[0].Offset + q.Length, k.Slices[0].Offset);
        Assert.Equal(k.Slices[0].Offset + k.Length, v.Slices[0].Offset);
        Assert.Equal(256 * 176, q.Length);
    }

    [Fact]
    public void Missing_tensors_other_shapes_and_strangers_are_named()
    {
        GgufFile file = GgufFile.Read(GgufFixtures.Find("tiny-31b-Q4_0"));
        var weights = new GgufTensors(file, null);
        Refused(() => weights.Find("model.language_model.layers.9.mlp.up_proj.weight", [96, 64]), "blk.9.ffn_up.weight", "is missing", "mlp.up_proj");
        Refused(() => weights.Find("model.language_model.layers.0.mlp.up_proj.weight", [64, 96]), "blk.0.ffn_up.weight", "[96, 64]", "[64, 96]");
        Refused(() => weights.Find("model.vision_tower.std_bias", [48]), "v.std_bias", "is missing");
        var refusal = Assert.Throws<CheckpointException>(() => weights.RefuseStrangers(GgufConfig.Read(file, null)));
        Assert.Contains("is not part of this model", refusal.Message, StringComparison.Ordinal);
    }

    private static void Refused(Func<LocatedWeight> find, params string[] words)
    {
        var refusal = Assert.Throws<CheckpointException>(find);
        Assert.All(words, word => Assert.Contains(word, refusal.Message, StringComparison.Ordinal));
    }

    private static float[] Values(GgufTensors _, string name, LocatedWeight like)
    {
        GgufTensor tensor = GgufFile.Read(like.Slices[0].File).Find(name)!;
        return Decode(tensor.Format, GgufBytes.Read(tensor));
    }

    private static float[] Values(LocatedWeight weight)
    {
        byte[] bytes = [.. weight.Slices.SelectMany(s => GgufBytes.Read(new GgufTensor(s.File, weight.Name, weight.Format, [], s.Offset, s.Length)))];
        float[] values = Decode(weight.Format, bytes);
        WeightChanges.Undo(weight.Change, values, weight.Shape.AsSpan());
        return values;
    }

    private static float[] Values(StoredTensor tensor)
    {
        WeightFormat format = tensor.WeightFormat;
        return Decode(format, GgufBytes.Read(new GgufTensor(tensor.File, tensor.Name, format, [], tensor.Offset, tensor.Length)));
    }

    private static float[] Decode(WeightFormat format, byte[] bytes)
    {
        var values = new float[bytes.Length / format.BlockBytes * format.BlockLength];
        WeightDecoder.Decode(format, bytes, values);
        return values;
    }
}
