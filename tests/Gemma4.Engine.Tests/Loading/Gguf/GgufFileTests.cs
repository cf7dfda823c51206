using Gemma4.Engine.Configuration;
using Gemma4.Engine.Loading.Gguf;
using Xunit;

namespace Gemma4.Engine.Tests.Loading.Gguf;

/// <summary>Files that gguf-split made of one.</summary>
public sealed class GgufFileTests : IDisposable
{
    private const uint F32 = 0;
    private readonly string _folder = Directory.CreateTempSubdirectory("gemma4-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Any_of_the_files_opens_all(int opened)
    {
        WriteSplit();
        GgufFile file = GgufFile.Read(PathOf(opened, 3));
        Assert.Equal(["t0", "t1", "t2"], file.Tensors.Select(t => t.Name));
        Assert.Equal(PathOf(0, 3), file.Path);
        Assert.Equal("gemma4", file.Metadata.OptionalString("general.architecture"));
        Assert.Equal(PathOf(1, 3), file.Find("t1")!.File);
        Assert.Null(file.Find("t3"));
    }

    [Fact]
    public void Split_model_has_the_tensors_and_the_configuration_of_the_whole_one()
    {
        GgufFile whole = GgufFile.Read(GgufFixtures.Find("tiny-e2b-Q4_0"));
        string first = GgufSplitter.Split(whole.Path, _folder, 3);
        Checkpoint checkpoint = Checkpoint.Open(_folder);
        Assert.Equal(first, checkpoint.Path);
        Assert.Equal(3, checkpoint.Files.Count);
        Assert.Equal(2048, checkpoint.LoadTokenizer().VocabularySize);
        GgufFile split = GgufFile.Read(first);
        Assert.Equal(whole.Tensors.Select(t => t.Name).Order(StringComparer.Ordinal), split.Tensors.Select(t => t.Name).Order(StringComparer.Ordinal));
        foreach (GgufTensor tensor in whole.Tensors)
            Assert.True(GgufBytes.Read(tensor).AsSpan().SequenceEqual(GgufBytes.Read(split.Find(tensor.Name)!)), tensor.Name);
    }

    [Fact]
    public void Single_file_needs_no_number()
    {
        string path = Path.Combine(_folder, "model.gguf");
        File.WriteAllBytes(path, new GgufBuilder().Tensor("t", [4], F32, new byte[16]).Build());
        Assert.Single(GgufFile.Read(path).Tensors);
    }

    [Fact]
    public void Missing_file_of_several_is_named()
    {
        WriteSplit();
        File.Delete(PathOf(1, 3));
        Refused("model-00002-of-00003.gguf", "does not exist");
    }

    [Fact]
    public void Renamed_file_of_several_is_refused()
    {
        WriteSplit();
        File.Copy(PathOf(0, 3), Path.Combine(_folder, "other.gguf"));
        var refusal = Assert.Throws<CheckpointException>(() => GgufFile.Read(Path.Combine(_folder, "other.gguf")));
        Assert.Contains("split.count", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("-00001-of-00003.gguf", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_changed_places_are_refused()
    {
        WriteSplit();
        File.Copy(PathOf(1, 3), PathOf(2, 3), overwrite: true);
        Refused("model-00003-of-00003.gguf", "split.no", "expected 2", "found 1");
    }

    [Fact]
    public void File_of_another_model_is_refused()
    {
        WriteSplit();
        Write(1, 3, "t0");
        Refused("model-00002-of-00003.gguf", "tensor t0", "is in model-00001-of-00003.gguf already");
        Write(1, 3, count: 4);
        Refused("model-00002-of-00003.gguf", "split.count", "expected 3");
    }

    [Fact]
    public void Number_of_tensors_is_checked()
    {
        WriteSplit(total: 4);
        Refused("model-00001-of-00003.gguf", "split.tensors.count", "found 4", "hold 3");
    }

    private void Refused(params string[] words)
    {
        var refusal = Assert.Throws<CheckpointException>(() => GgufFile.Read(PathOf(0, 3)));
        Assert.All(words, word => Assert.Contains(word, refusal.Message, StringComparison.Ordinal));
    }

    private string PathOf(int index, int count) => Path.Combine(_folder, $"model-{index + 1:00000}-of-{count:00000}.gguf");

    private void WriteSplit(uint total = 3)
    {
        for (int i = 0; i < 3; i++)
            Write(i, 3, total: total);
    }

    private void Write(int index, int of, string? tensor = null, ushort? count = null, uint total = 3)
    {
        var builder = new GgufBuilder().Key("split.no", (ushort)index).Key("split.count", count ?? (ushort)of).Key("split.tensors.count", total);
        if (index == 0)
            builder.Key("general.architecture", "gemma4");
        File.WriteAllBytes(PathOf(index, of), builder.Tensor(tensor ?? $"t{index}", [4], F32, new byte[16]).Build());
    }
}
