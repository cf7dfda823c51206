using System.Text.Json.Nodes;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Backends.Cpu;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Execution;
using Gemma4.Engine.Loading;
using Gemma4.Engine.Models;
using Gemma4.Engine.Tests.Models;
using Gemma4.Verification;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Loading;

public sealed class ModelLoaderTests
{
    private const string Model = "tiny-e2b";
    private const string Tensor = "model.language_model.layers.1.mlp.up_proj.weight";

    [Fact]
    public void Truncated_file_is_refused()
    {
        using CheckpointFolder folder = CheckpointFolder.Copy(Model);
        using (FileStream stream = File.OpenWrite(folder.Weights))
            stream.SetLength(stream.Length - 4096);
        Refused(folder, "model.safetensors", "lie outside the file");
    }

    [Fact]
    public void File_shorter_than_its_header_is_refused()
    {
        using CheckpointFolder folder = CheckpointFolder.Copy(Model);
        using (FileStream stream = File.OpenWrite(folder.Weights))
            stream.SetLength(100);
        Refused(folder, "model.safetensors", "truncated");
    }

    [Fact]
    public void File_that_is_not_safetensors_is_refused()
    {
        using CheckpointFolder folder = CheckpointFolder.Copy(Model);
        File.WriteAllText(folder.Weights, "{ \"not\": \"safetensors\" }");
        Refused(folder, "model.safetensors", "its header claims");
    }

    [Fact]
    public void Misnamed_tensor_is_refused_and_the_stranger_named()
    {
        using CheckpointFolder folder = CheckpointFolder.Copy(Model);
        folder.EditHeader(header => Rename(header, Tensor, Tensor.Replace("up_proj", "upp_proj", StringComparison.Ordinal)));
        Refused(folder, "model.safetensors", Tensor, "[96, 64]", "is missing", "upp_proj");
    }

    [Fact]
    public void Missing_tensor_is_refused()
    {
        using CheckpointFolder folder = CheckpointFolder.Copy(Model);
        folder.EditHeader(header => header.Remove(Tensor));
        Refused(folder, "model.safetensors", Tensor, "is missing");
    }

    [Fact]
    public void Wrongly_shaped_tensor_is_refused()
    {
        using CheckpointFolder folder = CheckpointFolder.Copy(Model);
        folder.EditHeader(header => header[Tensor]!["shape"] = new JsonArray(64, 96));
        Refused(folder, "model.safetensors", Tensor, "found shape [64, 96]", "expected [96, 64]");
    }

    [Fact]
    public void Shape_that_does_not_fill_its_bytes_is_refused()
    {
        using CheckpointFolder folder = CheckpointFolder.Copy(Model);
        folder.EditHeader(header => header[Tensor]!["shape"] = new JsonArray(96, 63));
        Refused(folder, "model.safetensors", Tensor, "needs 12096 bytes", "found 12288");
    }

    [Theory]
    [InlineData(-2L, 10L)]
    [InlineData(10L, 2L)]
    [InlineData(0L, long.MaxValue)]
    public void Offset_outside_the_file_is_refused(long begin, long end)
    {
        using CheckpointFolder folder = CheckpointFolder.Copy(Model);
        folder.EditHeader(header => header[Tensor]!["data_offsets"] = new JsonArray(begin, end));
        Refused(folder, "model.safetensors", Tensor, "lie outside the file");
    }

    [Fact]
    public void Overlapping_tensors_are_refused()
    {
        using CheckpointFolder folder = CheckpointFolder.Copy(Model);
        folder.EditHeader(header => header[Tensor]!["data_offsets"] = header[Tensor.Replace("up_proj", "gate_proj", StringComparison.Ordinal)]!["data_offsets"]!.DeepClone());
        Refused(folder, "model.safetensors", "overlap", Tensor);
    }

    [Fact]
    public void Integer_weight_is_refused()
    {
        using CheckpointFolder folder = CheckpointFolder.Copy(Model);
        folder.EditHeader(header => header[Tensor]!["dtype"] = "I16");
        Refused(folder, "model.safetensors", Tensor, "I16");
    }

    [Fact]
    public void Missing_shard_is_refused()
    {
        using CheckpointFolder folder = CheckpointFolder.Copy(Model);
        folder.Shard(3);
        File.Delete(Path.Combine(folder.Directory, "model-00002-of-00003.safetensors"));
        Refused(folder, "index.json", "model-00002-of-00003.safetensors", "does not exist");
    }

    [Fact]
    public void Index_that_leads_out_of_the_folder_is_refused()
    {
        using CheckpointFolder folder = CheckpointFolder.Copy(Model);
        File.WriteAllText(
            Path.Combine(folder.Directory, "model.safetensors.index.json"), $"{{ \"weight_map\": {{ \"{Tensor}\": \"../other/model.safetensors\" }} }}");
        Refused(folder, "index.json", "not a file name in this folder");
    }

    [Fact]
    public void Shards_give_the_same_model_as_one_file()
    {
        using CheckpointFolder folder = CheckpointFolder.Copy(Model);
        folder.Shard(3);
        using Gemma4Model model = ExactModel.Load(folder.Directory);
        Assert.Equal(10, model.Config.Text.Layers.Length);
    }

    [Fact]
    public unsafe void Weights_are_the_mapped_file_itself()
    {
        using CheckpointFolder folder = CheckpointFolder.Copy(Model);
        using var backend = new CpuBackend(new CpuOptions(NumThreads: 1));
        Checkpoint checkpoint = Checkpoint.Open(folder.Directory);
        using var weights = new CheckpointWeights(
            checkpoint.Locate().Weights, backend, progress: null);
        StoredWeight weight = weights.Take("model.language_model.embed_tokens.weight", [2048, 64]);
        byte[] stored = File.ReadAllBytes(folder.Weights);
        Assert.True(stored.AsSpan().IndexOf(new ReadOnlySpan<byte>(weight.Data, 128)) > 0);
        Assert.Contains(File.ReadAllLines("/proc/self/maps"), line => line.EndsWith(folder.Weights, StringComparison.Ordinal) && Holds(line, (nint)weight.Data));
    }

    [Fact]
    public void Copies_of_packed_weights_are_let_go_between_layers_and_made_again_where_they_are_asked_for()
    {
        Checkpoint checkpoint = Checkpoint.Open(RepositoryPaths.RequireShared("fixtures/quantized/compressed-tensors/tiny-31b-w4a16"));
        using var backend = new CpuBackend(new CpuOptions(NumThreads: 1));
        using var weights = new CheckpointWeights(
            checkpoint.Locate().Weights, backend, progress: null);
        const string name = "model.language_model.layers.0.mlp.up_proj.weight";
        float[] expected = weights.Take(name, [96, 64]).ToSingles();
        Assert.Equal(96 * 64 / 32 * 18, weights.CopiedBytes);
        weights.ReleaseCopies();
        Assert.Equal(0, weights.CopiedBytes);
        Assert.Equal(expected, weights.Take(name, [96, 64]).ToSingles());
    }

    private static bool Holds(string line, nint address)
    {
        string[] bounds = line.Split(' ')[0].Split('-');
        return address >= (nint)Convert.ToInt64(bounds[0], 16) && address < (nint)Convert.ToInt64(bounds[1], 16);
    }

    [Fact]
    public void Progress_ends_at_the_total()
    {
        using CheckpointFolder folder = CheckpointFolder.Copy(Model);
        var seen = new List<LoadProgress>();
        using Gemma4Model model = Checkpoint.Open(folder.Directory).LoadModel(ModelVerifier.Exact, new Recorder(seen));
        Assert.NotEmpty(seen);
        Assert.True(seen.Zip(seen.Skip(1)).All(p => p.First.BytesLoaded <= p.Second.BytesLoaded));
        Assert.Equal(seen[^1].BytesTotal, seen[^1].BytesLoaded);
    }

    private static void Rename(JsonObject header, string from, string to)
    {
        JsonNode entry = header[from]!.DeepClone();
        header.Remove(from);
        header[to] = entry;
    }

    private static void Refused(CheckpointFolder folder, params string[] named)
    {
        var refused = Assert.Throws<CheckpointException>(() => ExactModel.Load(folder.Directory).Dispose());
        foreach (string part in named)
            Assert.Contains(part, refused.Message, StringComparison.Ordinal);
    }

    private sealed class Recorder(List<LoadProgress> seen) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) => seen.Add(value);
    }

    [Theory]
    [InlineData("model.language_model.layers.0.mlp.up_proj.weight", float.NaN)]
    [InlineData("model.language_model.norm.weight", float.PositiveInfinity)]
    [InlineData("model.language_model.embed_tokens_per_layer.weight", float.NaN)]
    public void Weights_that_are_no_numbers_are_found_while_loading(string tensor, float factor)
    {
        using CheckpointFolder folder = CheckpointFolder.Copy("tiny-e2b");
        folder.Scale(tensor, factor);
        var refused = Assert.Throws<CheckpointException>(() => ExactModel.Load(folder.Directory));
        Assert.Contains($"model.safetensors: tensor {tensor}: element ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("infinite or not a number", refused.Message, StringComparison.Ordinal);
    }
}
