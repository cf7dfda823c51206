using Gemma4.Engine.Configuration;
using Gemma4.Engine.Kernels;
using Gemma4.Engine.Loading.Gguf;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Loading.Gguf;

public sealed class GgufHeaderTests
{
    private const uint F32 = 0, Q4_0 = 2, IQ2_XXS = 16;

    [Fact]
    public void Keys_values_and_tensors_of_a_model_are_read()
    {
        GgufHeader header = GgufHeader.Read(Fixture("tiny-e2b-Q4_0.gguf"));
        Assert.Equal("gemma4", header.Metadata.OptionalString("general.architecture"));
        Assert.Equal(10, header.Metadata.Count("gemma4.block_count", 1024));
        Assert.Equal([96, 96, 96, 96, 96, 192, 192, 192, 192, 192], header.Metadata.CountForEach("gemma4.feed_forward_length", 10, 1000));
        Assert.Equal(1, Assert.Single(header.Metadata.CountForEach("gemma4.attention.head_count_kv", 10, 1000).Distinct()));
        Assert.Equal(0.95, header.Metadata.OptionalNumber("general.sampling.top_p", new NumberRange(0, 1)));
        Assert.Equal(1e-6, header.Metadata.Number("gemma4.attention.layer_norm_rms_epsilon", ConfigLimits.Eps));
        Assert.False(header.Metadata.Bools("gemma4.attention.sliding_window_pattern", 10)[4]);
        GgufValue tokens = header.Metadata.Find("tokenizer.ggml.tokens")!;
        Assert.Equal(2048, tokens.Count);
        Assert.Equal("<bos>"u8, tokens.String(2)!.Value.Span);
        GgufTensor gate = Assert.Single(header.Tensors, t => t.Name == "blk.0.ffn_gate.weight");
        Assert.Equal(WeightFormat.Q4_0, gate.Format);
        Assert.Equal([96L, 64], gate.Shape);
        Assert.Equal(96 * 64 / 32 * 18, gate.Length);
    }

    [Fact]
    public void Both_versions_are_read_and_no_other()
    {
        Assert.Single(Read(Small(b => b.Version = 2)).Tensors);
        Refused(Small(b => b.Version = 1), "found version 1; versions 2 and 3 are read");
        Refused(Small(b => b.Version = 4), "found version 4");
        Refused(Small(b => b.Version = 0x03000000), "big-endian");
    }

    [Fact]
    public void Data_begin_at_the_alignment_that_the_file_names()
    {
        byte[] file = new GgufBuilder { Alignment = 128 }.Key("general.alignment", 128u).Tensor("a", [4], F32, new byte[16]).Tensor("b", [4], F32, new byte[16]).Build();
        Assert.All(Read(file).Tensors, t => Assert.Equal(0, t.Offset % 128));
        Refused(new GgufBuilder().Key("general.alignment", 48u).Build(), "general.alignment", "power of two");
        Refused(new GgufBuilder().Key("general.alignment", 0u).Build(), "general.alignment", "1 to");
        Refused(new GgufBuilder().Key("general.alignment", "32").Build(), "general.alignment", "found String");
    }

    [Fact]
    public void File_that_is_something_else_is_refused()
    {
        Refused([], "0 bytes");
        Refused("GGUF"u8.ToArray(), "4 bytes");
        Refused(new byte[1000], "not a GGUF file");
    }

    [Fact]
    public void Every_file_cut_short_is_refused()
    {
        byte[] whole = Small(b => b.Key("text", "some text").Key("number", 7u).Key("flag", true));
        Assert.Single(Read(whole).Tensors);
        for (int length = 0; length < whole.Length; length++)
            Assert.Throws<CheckpointException>(() => Read(whole[..length]));
    }

    [Fact]
    public void Counts_that_the_file_cannot_hold_are_refused_before_memory_is_taken()
    {
        Refused(Small(b => b.NumKeys = ulong.MaxValue), "18446744073709551615 keys");
        Refused(Small(b => b.NumTensors = 1UL << 40), "1099511627776 tensors");
        Refused(Small(b => b.NumTensors = 60_000), "cut off");
        Refused(Small(b => b.Raw("k", GgufType.String, w => w.Write(1UL << 62))), "key k", "a string of 4611686018427387904 bytes");
        Refused(Small(b => b.Raw("k", GgufType.String, w => w.Write(1_000_000UL))), "key k", "cut off");
        Refused(Small(b => b.Raw("k", GgufType.Array, w => Array(w, GgufType.UInt64, 1UL << 23))), "key k", "cut off");
        Refused(Small(b => b.Raw("k", GgufType.Array, w => Array(w, GgufType.String, 1UL << 23))), "key k", "cut off");
        Refused(Small(b => b.Raw("k", GgufType.Array, w => Array(w, GgufType.UInt8, ulong.MaxValue))), "key k", "18446744073709551615 values");
    }

    [Fact]
    public void Values_of_no_type_and_nested_arrays_are_refused()
    {
        Refused(Small(b => b.Raw("k", (GgufType)13, w => w.Write(0UL))), "key k", "type 13");
        Refused(Small(b => b.Raw("k", GgufType.Array, w => Array(w, (GgufType)99, 1))), "key k", "type 99");
        Refused(Small(b => b.Raw("k", GgufType.Array, w => Array(w, GgufType.Array, 1))), "key k", "arrays of arrays");
    }

    [Fact]
    public void Names_that_stand_there_twice_or_are_no_text_are_refused()
    {
        Refused(Small(b => b.Key("k", 1u).Key("k", 2u)), "key k", "twice");
        Refused(Small(b => b.Tensor("a", [32], Q4_0, new byte[18])), "tensor a", "twice");
        byte[] noText = Small(b => b.Key("##", 1u));
        int at = noText.AsSpan().IndexOf("##"u8);
        noText[at] = 0xFF;
        Refused(noText, "not UTF-8");
    }

    [Fact]
    public void Shapes_that_are_not_possible_are_refused()
    {
        Refused(With([64], Q4_0, new byte[18]), "tensor t", "cut off");
        Refused(With([33], Q4_0, new byte[36]), "tensor t", "rows of 33 are no whole blocks of Q4_0 (32)");
        Refused(With([32, 0], Q4_0, []), "tensor t", "a dimension of 0");
        Refused(With([32, 1UL << 63], Q4_0, []), "tensor t", "a dimension of");
        Refused(With([1UL << 40, 1UL << 40], F32, []), "tensor t", "not possible");
        Refused(With([1, 1, 1, 1, 1], F32, new byte[4]), "tensor t", "5 dimensions");
        Refused(With([256], IQ2_XXS, new byte[66]), "tensor t", "type IQ2_XXS is not read", "Q4_K");
        Refused(With([1], 1000, new byte[66]), "tensor t", "type 1000 is not read");
    }

    [Fact]
    public void Offsets_that_lie_are_refused()
    {
        Refused(Small(b => b.Tensor("t", [4], F32, new byte[16], offset: 33)), "tensor t", "offset 33", "multiple of 32");
        Refused(Small(b => b.Tensor("t", [4], F32, new byte[16], offset: 1 << 20)), "tensor t", "lie outside the file");
        Refused(Small(b => b.Tensor("t", [4], F32, new byte[16], offset: ulong.MaxValue - 31)), "tensor t", "offset");
        Refused(Small(b => b.Tensor("t", [4], F32, new byte[16], offset: 0)), "tensors", "overlap");
    }

    [Fact]
    public void Damaged_headers_are_refused_by_name_or_read_and_take_no_memory_of_note()
    {
        byte[][] valid = [File.ReadAllBytes(Fixture("tiny-31b-Q4_0.gguf")), File.ReadAllBytes(Fixture("mmproj-tiny-e2b-F16.gguf")), Small(b => b.Key("text", "some text"))];
        int refused = 0;
        for (int i = 0; i < 3000; i++)
        {
            int seed = FileMutator.FirstSeed + i;
            byte[] mutant = GgufMutator.Mutate(valid[i % valid.Length], new Random(seed));
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Read(mutant);
            }
            catch (CheckpointException e)
            {
                Assert.StartsWith("some.gguf: ", e.Message, StringComparison.Ordinal);
                refused++;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}: {e.GetType().Name}: {e.Message}", e);
            }
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4_000_000 + 4 * mutant.Length);
        }
        Assert.InRange(refused, 1000, 2999);
    }

    private static string Fixture(string name) => Path.Combine(RepositoryPaths.Fixtures, "quantized", "gguf", name);

    private static GgufHeader Read(byte[] file) => GgufHeader.Read("some.gguf", new MemoryStream(file));

    private static byte[] Small(Action<GgufBuilder> edit)
    {
        var builder = new GgufBuilder();
        builder.Tensor("a", [32], Q4_0, new byte[18]);
        edit(builder);
        return builder.Build();
    }

    private static byte[] With(ulong[] dimensions, uint type, byte[] data) => new GgufBuilder().Tensor("t", dimensions, type, data).Build();

    private static void Array(BinaryWriter writer, GgufType type, ulong count)
    {
        writer.Write((uint)type);
        writer.Write(count);
    }

    private static void Refused(byte[] file, params string[] words)
    {
        var refusal = Assert.Throws<CheckpointException>(() => Read(file));
        Assert.All(words, word => Assert.Contains(word, refusal.Message, StringComparison.Ordinal));
    }
}
