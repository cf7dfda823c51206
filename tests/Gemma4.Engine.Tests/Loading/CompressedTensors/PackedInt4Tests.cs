using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Blocks;
using Gemma4.Engine.Loading.CompressedTensors;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Loading.CompressedTensors;

public sealed class PackedInt4Tests
{
    [Theory]
    [InlineData("tiny-31b-w4a16", 41)]
    [InlineData("tiny-e2b-w4a16", 71)]
    public void Every_packed_number_is_level_times_scale(string model, int matrices)
    {
        Dictionary<string, byte[]> tensors = SafetensorsBytes.Read(RepositoryPaths.RequireShared($"fixtures/quantized/compressed-tensors/{model}/model.safetensors"));
        int compared = 0;
        foreach (string name in tensors.Keys.Where(n => n.EndsWith(".weight_packed", StringComparison.Ordinal)).Select(n => n[..^"_packed".Length]))
        {
            byte[] packed = tensors[name + "_packed"], scales = tensors[name + "_scale"];
            int rows = (int)BinaryPrimitives.ReadInt64LittleEndian(tensors[name + "_shape"]), columns = (int)BinaryPrimitives.ReadInt64LittleEndian(tensors[name + "_shape"].AsSpan(8));
            byte[] blocks = new byte[columns / 32 * 18];
            float[] actual = new float[columns];
            for (int row = 0; row < rows; row++)
            {
                ReadOnlySpan<byte> levels = packed.AsSpan(row * columns / 2, columns / 2), rowScales = scales.AsSpan(row * columns / 32 * 2, columns / 32 * 2);
                PackedInt4.Repack(levels, rowScales, 1, blocks);
                WeightDecoder.Decode(WeightFormat.Q4_0, blocks, actual);
                for (int i = 0; i < columns; i++)
                {
                    int level = (int)(BinaryPrimitives.ReadUInt32LittleEndian(levels[(i / 8 * 4)..]) >> 4 * (i % 8) & 15) - 8;
                    float scale = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(rowScales[(i / 32 * 2)..]) << 16);
                    Assert.True(level * scale == actual[i], $"{name}[{row}, {i}]: expected {level * scale:R}, found {actual[i]:R}");
                }
            }
            compared++;
        }
        Assert.Equal(matrices, compared);
    }

    [Fact]
    public void Larger_groups_repeat_their_scale()
    {
        byte[] levels = new byte[64], scales = [0x00, 0x3F, 0x00, 0xBF], blocks = new byte[72];      // 0.5 and −0.5
        new Random(3).NextBytes(levels);
        PackedInt4.Repack(levels, scales, 2, blocks);
        Assert.Equal([(Half)0.5f, (Half)0.5f, (Half)(-0.5f), (Half)(-0.5f)], Enumerable.Range(0, 4).Select(i => BinaryPrimitives.ReadHalfLittleEndian(blocks.AsSpan(18 * i))));
    }

    [Theory]
    [InlineData("quant_method", "modelopt", "quantization_config.quant_method")]
    [InlineData("format", "float-quantized", "quantization_config.format")]
    [InlineData("format", null, "quantization_config.format")]
    [InlineData("config_groups/group_0/weights/num_bits", 8, "num_bits: found 8")]
    [InlineData("config_groups/group_0/weights/type", "float", "weights.type")]
    [InlineData("config_groups/group_0/weights/symmetric", false, "symmetric")]
    [InlineData("config_groups/group_0/weights/actorder", "group", "actorder")]
    public void Other_ways_to_quantise_are_refused_by_key(string path, object? value, string word)
    {
        JsonObject config = JsonNode.Parse(File.ReadAllText(RepositoryPaths.RequireShared("fixtures/quantized/compressed-tensors/tiny-31b-w4a16/config.json")))!.AsObject();
        using CheckpointFolder folder = CheckpointFolder.Copy("tiny-31b");
        string file = Path.Combine(folder.Directory, "config.json");
        File.WriteAllText(file, config.ToJsonString());
        QuantizationConfig.Check(ConfigSection.Load(file));
        JsonNode node = config["quantization_config"]!;
        string[] steps = path.Split('/');
        foreach (string step in steps[..^1])
            node = node[step]!;
        node[steps[^1]] = value is null ? null : JsonValue.Create(value);
        File.WriteAllText(file, config.ToJsonString());
        var refusal = Assert.Throws<CheckpointException>(() => QuantizationConfig.Check(ConfigSection.Load(file)));
        Assert.Contains(word, refusal.Message, StringComparison.Ordinal);
    }
}
