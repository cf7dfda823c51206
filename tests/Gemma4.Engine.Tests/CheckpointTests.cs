using System.Text.Json;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Tests.Loading.Gguf;
using Gemma4.Engine.Tokenization;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests;

/// <summary>What the server reads of a checkpoint, whatever its files.</summary>
public sealed class CheckpointTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gemma4-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Folder_of_safetensors_is_opened_as_ever()
    {
        string folder = Path.Combine(RepositoryPaths.Fixtures, "models", "tiny-e2b");
        Checkpoint checkpoint = Checkpoint.Open(folder);
        Assert.True(Checkpoint.IsAt(folder));
        Assert.Equal(folder, checkpoint.Path);
        Assert.Equal(2048, checkpoint.LoadTokenizer().VocabularySize);
        Assert.Contains(Path.Combine(folder, "model.safetensors"), checkpoint.Files);
        Assert.NotNull(Checkpoint.Open(RepositoryPaths.DemoModel) is var demo ? demo.LoadChat(demo.LoadTokenizer()) : null);
        Refused(() => Checkpoint.Open(folder, GgufFixtures.Find("mmproj-tiny-e2b-F16")), "goes with a GGUF model");
    }

    [Theory]
    [InlineData("tiny-e2b")]
    [InlineData("tiny-31b")]
    public void Towers_can_be_left_away(string name)
    {
        string folder = Path.Combine(RepositoryPaths.Fixtures, "models", name);
        Checkpoint whole = Checkpoint.Open(folder), text = Checkpoint.Open(folder, textOnly: true);
        Assert.True(whole.Config.Vision is not null && !whole.Config.LeavesTowers);
        Assert.True(text.Config is { Vision: null, Audio: null, LeavesTowers: true });
        string[] left = [.. whole.Locate().Weights.Keys.Except(text.Locate().Weights.Keys)];
        Assert.NotEmpty(left);
        Assert.All(left, tensor => Assert.Matches("^model.(vision_tower|embed_vision|audio_tower|embed_audio)[.]", tensor));
        Assert.All(text.Locate().Weights.Keys, tensor => Assert.StartsWith("model.language_model.", tensor, StringComparison.Ordinal));
    }

    [Fact]
    public void A_towers_file_can_be_left_away()
    {
        var text = Checkpoint.Open(GgufFixtures.Find("tiny-e2b-Q4_0"), GgufFixtures.Find("mmproj-tiny-e2b-F16"), textOnly: true);
        Assert.True(text.Config is { Vision: null, Audio: null, LeavesTowers: true });
        Assert.All(text.Locate().Weights.Keys, tensor => Assert.StartsWith("model.language_model.", tensor, StringComparison.Ordinal));
    }

    [Fact]
    public void Folder_of_links_is_opened_like_one_of_files()
    {
        foreach (string file in Directory.EnumerateFiles(Path.Combine(RepositoryPaths.Fixtures, "models", "tiny-e2b")))
            File.CreateSymbolicLink(Path.Combine(_folder, Path.GetFileName(file)), file);
        Checkpoint checkpoint = Checkpoint.Open(_folder);
        Assert.Equal(2048, checkpoint.LoadTokenizer().VocabularySize);
        using (checkpoint.LoadModel(new ComputeOptions { Device = "cpu" }))
            Assert.Equal("safetensors", checkpoint.Format);
    }

    [Fact]
    public void A_link_does_not_hide_how_large_a_file_is()
    {
        string large = Path.Combine(_folder, "large"), folder = Directory.CreateDirectory(Path.Combine(_folder, "model")).FullName;
        using (FileStream stream = File.Create(large))
            stream.SetLength((64 << 20) + 1);
        File.CreateSymbolicLink(Path.Combine(folder, "config.json"), large);
        Refused(() => Checkpoint.Open(folder), "expected at most 67108864 bytes, found 67108865");
        File.CreateSymbolicLink(Path.Combine(folder, "chat_template.jinja"), large);
        Assert.Contains("expected at most", Assert.Throws<InvalidDataException>(() => ChatRenderer.Load(folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void File_has_towers_only_where_they_are_named()
    {
        string file = GgufFixtures.Find("tiny-e2b-Q4_0"), mmproj = GgufFixtures.Find("mmproj-tiny-e2b-F16");
        Assert.True(Checkpoint.IsAt(file));
        Assert.Null(Checkpoint.Open(file).Config.Vision);
        Checkpoint whole = Checkpoint.Open(file, mmproj);
        Assert.NotNull(whole.Config.Vision);
        Assert.NotNull(whole.Config.Audio);
        Assert.Equal([file, mmproj], whole.Files);
    }

    [Fact]
    public void Folder_of_one_model_and_one_mmproj_is_both()
    {
        Copy("tiny-e2b-Q4_0");
        Assert.Null(Checkpoint.Open(_folder).Config.Vision);
        Copy("mmproj-tiny-e2b-F16");
        Assert.True(Checkpoint.IsAt(_folder));
        Checkpoint checkpoint = Checkpoint.Open(_folder);
        Assert.NotNull(checkpoint.Config.Vision);
        Assert.Equal(Path.Combine(_folder, "tiny-e2b-Q4_0.gguf"), checkpoint.Path);
        File.Copy(GgufFixtures.Find("mmproj-tiny-e2b-F16"), Path.Combine(_folder, "other-mmproj.gguf"));
        Refused(() => Checkpoint.Open(_folder), "has 2 mmproj files", "other-mmproj.gguf", "--mmproj");
        Copy("tiny-31b-Q4_0");
        Refused(() => Checkpoint.Open(_folder), "has 2 model files", "tiny-31b-Q4_0.gguf");
    }

    [Fact]
    public void Folder_of_nothing_is_refused_and_named()
    {
        Assert.False(Checkpoint.IsAt(_folder));
        Assert.False(Checkpoint.IsAt(Path.Combine(_folder, "nowhere")));
        Assert.False(Checkpoint.IsAt(Path.Combine(_folder, "nothing.gguf")));
        Refused(() => Checkpoint.Open(_folder), "config.json", "does not exist");
        Refused(() => Checkpoint.Open(Path.Combine(_folder, "nothing.gguf")), "does not exist");
    }

    [Fact]
    public void Template_of_the_file_renders_what_the_official_one_renders()
    {
        Checkpoint checkpoint = Checkpoint.Open(GgufFixtures.Find("tiny-e2b-Q4_0"));
        Tokenizer tokenizer = checkpoint.LoadTokenizer();
        ChatRenderer actual = checkpoint.LoadChat(tokenizer)!;
        string official = File.ReadAllText(RepositoryPaths.RequireShared("reference/chat_templates/official-v5-2026-07-15-small.jinja"));
        Assert.Equal(official.TrimEnd(), actual.Template.Source.TrimEnd());
        RenderedPrompt prompt = actual.Render(
            [new ChatMessage { Role = "system", Content = "Be brief." }, new ChatMessage { Role = "user", Content = "Hi" }], cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("<bos><|turn>system\nBe brief.<turn|>\n<|turn>user\nHi<turn|>\n<|turn>model\n", string.Concat(prompt.Segments.Select(s => s.Text)));
    }

    [Fact]
    public void Damaged_template_is_refused_by_key()
    {
        byte[] file = File.ReadAllBytes(GgufFixtures.Find("tiny-e2b-Q4_0"));
        int at = file.AsSpan().IndexOf("{%- if "u8);
        "{%- zz "u8.CopyTo(file.AsSpan(at));
        string path = Path.Combine(_folder, "damaged.gguf");
        File.WriteAllBytes(path, file);
        Checkpoint checkpoint = Checkpoint.Open(path);
        Tokenizer tokenizer = checkpoint.LoadTokenizer();
        var refusal = Assert.Throws<InvalidDataException>(() => checkpoint.LoadChat(tokenizer));
        Assert.Contains("damaged.gguf: tokenizer.chat_template", refusal.Message, StringComparison.Ordinal);
    }

    private void Copy(string name) => File.Copy(GgufFixtures.Find(name), Path.Combine(_folder, $"{name}.gguf"));

    private static void Refused(Func<Checkpoint> open, params string[] words)
    {
        var refusal = Assert.Throws<CheckpointException>(open);
        Assert.All(words, word => Assert.Contains(word, refusal.Message, StringComparison.Ordinal));
    }
}
