using System.Security.Cryptography;
using System.Text;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Loading;
using Gemma4.Engine.Models;
using Gemma4.Engine.Models.Vision;
using Gemma4.Engine.Tests.Loading.Gguf;
using Gemma4.Verification;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests;

public sealed class CheckpointRepackerTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("gemma4-repack-").FullName;

    private string Target => Path.Combine(_root, "out");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("tiny-31b-Q4_0", "none")]
    [InlineData("tiny-e2b-Q4_0", "none")]
    [InlineData("tiny-26b-a4b-Q4_0", "none")]
    [InlineData("tiny-e2b-BF16", "int8")]
    [InlineData("tiny-k-Q4_K_M", "none")]
    [InlineData("tiny-k-mixed", "none")]
    public void Repacked_gguf_model_computes_the_same_bits(string name, string quantization) => Same(GgufFixtures.Find(name), quantization);

    [Theory]
    [InlineData("tiny-31b", "int4")]
    [InlineData("tiny-e2b", "int4")]
    [InlineData("tiny-e4b", "int8")]
    public void Repacked_folder_computes_the_same_bits(string name, string quantization) =>
        Same(Path.Combine(RepositoryPaths.Fixtures, "models", name), quantization);

    [Fact]
    public void Packed_weights_of_compressed_tensors_are_repacked() =>
        Same(RepositoryPaths.RequireShared("fixtures/quantized/compressed-tensors/tiny-31b-w4a16"), "none");

    [Fact]
    public void Towers_are_copied_and_see_the_same()
    {
        string original = Path.Combine(_root, "in");
        Directory.CreateDirectory(original);
        foreach (string name in (string[])["tiny-e2b-Q4_0", "mmproj-tiny-e2b-F16"])
            File.Copy(GgufFixtures.Find(name), Path.Combine(original, name + ".gguf"));
        CheckpointRepacker.Write(Checkpoint.Open(original), Target, Compute("none"), cancelled: TestContext.Current.CancellationToken);
        var patches = new ImagePatches(Enumerable.Range(0, 9 * 768).Select(i => i % 251 / 251f).ToArray(), 3);
        using Gemma4Model before = Checkpoint.Open(original).LoadModel(Compute("none")), after = Checkpoint.Open(Target).LoadModel(Compute("none"));
        Assert.Equal(before.EncodeImages([patches]), after.EncodeImages([patches]));
    }

    [Fact]
    public void A_disk_without_room_is_found_before_anything_is_written()
    {
        var original = Checkpoint.Open(GgufFixtures.Find("tiny-31b-Q4_0"));
        Repack(original.Path, "none");
        long size = Directory.EnumerateFiles(Target).Sum(file => new FileInfo(file).Length);
        Directory.Delete(Target, recursive: true);
        var full = Assert.Throws<IOException>(() => CheckpointRepacker.Write(original, Target, Compute("none"), _ => size - 1, null, TestContext.Current.CancellationToken));
        Assert.Contains($"takes {size} bytes", full.Message, StringComparison.Ordinal);
        Assert.Contains($"has {size - 1} free", full.Message, StringComparison.Ordinal);
        Assert.Contains(_root, full.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_root));
        Assert.True(File.Exists(CheckpointRepacker.Write(original, Target, Compute("none"), _ => size, null, TestContext.Current.CancellationToken)));
    }

    [Fact]
    public void File_is_named_by_its_hash()
    {
        string file = Repack(GgufFixtures.Find("tiny-31b-Q4_0"), "none");
        string hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));
        Assert.Equal($"tiny-31b-Q4_0-{hash[..12]}.gguf", Path.GetFileName(file));
        Assert.Equal([file], Directory.EnumerateFileSystemEntries(Target));
    }

    [Fact]
    public void Folder_that_is_not_empty_is_left_alone()
    {
        Directory.CreateDirectory(Target);
        File.WriteAllText(Path.Combine(Target, "mine.txt"), "mine");
        IOException refusal = Assert.Throws<IOException>(() => Repack(GgufFixtures.Find("tiny-31b-Q4_0"), "none"));
        Assert.Contains("not empty", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(["mine.txt"], Directory.EnumerateFileSystemEntries(Target).Select(Path.GetFileName));
        Assert.Equal([Target], Directory.EnumerateFileSystemEntries(_root));
    }

    [Fact]
    public void Work_that_is_cancelled_leaves_nothing()
    {
        using var cancel = new CancellationTokenSource();
        var progress = new Sink(p =>
        {
            if (p.BytesLoaded > p.BytesTotal / 2)
                cancel.Cancel();
        });
        Assert.Throws<OperationCanceledException>(() => CheckpointRepacker.Write(
            Checkpoint.Open(GgufFixtures.Find("tiny-31b-Q4_0")), Target, Compute("none"), progress, cancel.Token));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_root));
    }

    [Fact]
    public void Floats_are_not_repacked_without_a_word_for_their_bits()
    {
        var refusal = Assert.Throws<CheckpointException>(() => Repack(Path.Combine(RepositoryPaths.Fixtures, "models", "tiny-31b"), "none"));
        Assert.Contains("int8 or int4", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Experts_that_do_not_begin_with_a_panel_are_refused()
    {
        var refusal = Assert.Throws<CheckpointException>(() => Repack(Path.Combine(RepositoryPaths.Fixtures, "models", "tiny-26b-a4b"), "int8"));
        Assert.Contains("not repacked", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_root));
    }

    [Fact]
    public void Model_that_was_repacked_before_has_nothing_left_to_repack()
    {
        string file = Repack(GgufFixtures.Find("tiny-31b-Q4_0"), "none");
        Assert.Throws<CheckpointException>(() => CheckpointRepacker.Write(Checkpoint.Open(file), Path.Combine(_root, "again"), Compute("none"), cancelled: TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Gguf_file_of_another_layout_is_stale()
    {
        string file = Repack(GgufFixtures.Find("tiny-31b-Q4_0"), "none");
        Change(file, [2, 1, 0x41, 0x50], [2, 7, 0x41, 0x50]);
        Assert.Contains("stale", Assert.Throws<CheckpointException>(() => Checkpoint.Open(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Folder_of_another_layout_is_stale()
    {
        string file = Repack(Path.Combine(RepositoryPaths.Fixtures, "models", "tiny-31b"), "int4");
        Change(file, "panels1.Q"u8.ToArray(), "panels7.Q"u8.ToArray());
        string index = Path.Combine(Target, "model.safetensors.index.json");
        File.WriteAllText(index, File.ReadAllText(index).Replace("panels1.Q", "panels7.Q", StringComparison.Ordinal));
        Assert.Contains("stale", Assert.Throws<CheckpointException>(() => Checkpoint.Open(Target).LoadModel(Compute("none"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".panels1.Q4_0", ".panels1.Q5_0", "in panels")]
    [InlineData(".panels1.Q4_0", ".panels1.F9_9", "no panels of F9_9")]
    [InlineData(".panels1.Q4_0", ".panels1+Q4_0", "expected a name like")]
    [InlineData("\"dtype\":\"U8\"", "\"dtype\":\"I8\"", "in panels")]
    public void Folder_whose_header_lies_is_refused(string written, string lie, string expected)
    {
        string file = Repack(Path.Combine(RepositoryPaths.Fixtures, "models", "tiny-31b"), "int4");
        Change(file, Encoding.UTF8.GetBytes(written), Encoding.UTF8.GetBytes(lie));
        string index = Path.Combine(Target, "model.safetensors.index.json");
        File.WriteAllText(index, File.ReadAllText(index).Replace(written, lie, StringComparison.Ordinal));
        Assert.Contains(expected, Assert.Throws<CheckpointException>(() => Checkpoint.Open(Target).LoadModel(Compute("none"))).Message, StringComparison.Ordinal);
    }

    private void Same(string path, string quantization)
    {
        string file = Repack(path, quantization);
        string repacked = file.EndsWith(".gguf", StringComparison.Ordinal) ? file : Target;
        float[] expected = Logits(path, Compute(quantization));
        Assert.Equal(expected, Logits(repacked, Compute("none")));
        Assert.Equal(expected, Logits(repacked, Compute(quantization) with { LazyWeights = true }));
        ComputeOptions exact = ModelVerifier.Exact with { Quantization = quantization };
        Assert.Equal(Logits(path, exact), Logits(repacked, ModelVerifier.Exact));
        using Gemma4Model original = Checkpoint.Open(path).LoadModel(Compute(quantization)), loaded = Checkpoint.Open(repacked).LoadModel(Compute("none"));
        Assert.Equal(original.Config.Generation.EndTokenIds.AsEnumerable(), loaded.Config.Generation.EndTokenIds);
        Assert.Equal(Checkpoint.Open(path).LoadTokenizer().Encode("One two three"), Checkpoint.Open(repacked).LoadTokenizer().Encode("One two three"));
    }

    private string Repack(string path, string quantization) =>
        CheckpointRepacker.Write(Checkpoint.Open(path), Target, Compute(quantization), cancelled: TestContext.Current.CancellationToken);

    private static ComputeOptions Compute(string quantization) => new() { Device = "cpu", Quantization = quantization, Threads = 2 };

    private static float[] Logits(string path, ComputeOptions compute)
    {
        using Gemma4Model model = Checkpoint.Open(path).LoadModel(compute);
        int[] prompt = [.. Enumerable.Range(0, 20).Select(i => 100 + i * 31 % 1500)];
        using var session = new PagedSession(model, prompt.Length);
        Activations hidden = session.Step(prompt, []);
        return model.Logits(hidden, [hidden.NumRows - 1])[0].ToArray();
    }

    /// <summary>Replaces every such run of bytes.</summary>
    private static void Change(string file, byte[] written, byte[] lie)
    {
        byte[] bytes = File.ReadAllBytes(file);
        int changed = 0;
        for (int at = bytes.AsSpan().IndexOf(written); at >= 0; changed++)
        {
            lie.CopyTo(bytes, at);
            int next = bytes.AsSpan(at + written.Length).IndexOf(written);
            at = next < 0 ? -1 : at + written.Length + next;
        }
        Assert.True(changed > 0);
        File.WriteAllBytes(file, bytes);
    }

    private sealed class Sink(Action<LoadProgress> report) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) => report(value);
    }
}
