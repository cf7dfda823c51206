using System.Text.Json.Nodes;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Loading;
using Gemma4.Engine.Models;
using Gemma4.Engine.Models.Text;
using Gemma4.Engine.Models.Vision;
using Gemma4.Engine.Tokenization;
using Gemma4.Verification;
using Gemma4.Engine.Vision;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Models;

/// <summary>To the model a video is its images, each behind the text of its time.</summary>
public sealed class VideoPromptTests
{
    private const string Before = "<bos><|turn>user\nWhat happens?", Behind = "And then?<turn|>\n<|turn>model\n";

    [Theory]
    [InlineData("tiny-31b")]
    [InlineData("tiny-26b-a4b")]
    [InlineData("tiny-e2b")]
    [InlineData("tiny-e4b")]
    public void Prompt_of_the_references_video_has_its_token_ids(string name)
    {
        JsonNode golden = JsonNode.Parse(File.ReadAllText(Path.Combine(RepositoryPaths.Fixtures, "golden", name, "film.json")))!;
        string text = (string)golden["prompt"]!;
        (string before, string behind) = (text[..text.IndexOf("00:00", StringComparison.Ordinal)], text[(text.LastIndexOf("<image|>", StringComparison.Ordinal) + 8)..]);
        PreparedImage[] frames = [.. golden["frames"]!.AsArray().Select(f => Prepare((string)f!))];
        Assert.Equal(4, frames.Length);
        Assert.All(frames, f => Assert.Equal((int)golden["soft_tokens"]!, f.NumSoftTokens));
        Tokenizer tokenizer = Tokenizer.Load(Path.Combine(RepositoryPaths.Fixtures, "models", name, "tokenizer.json"));

        TokenizedPrompt ours = new PromptTokenizer(tokenizer).Tokenize(
            new RenderedPrompt([new($"{before}<|video|>{behind}", true)], [new MediaSlot(MediaKind.Video, 0)]),
            [new MediaExpansion.Frames([.. frames.Select((f, i) => (FrameSampling.TimeOf(i, 1), f.NumSoftTokens))])]);

        int[] theirs = new TensorFile(Path.Combine(RepositoryPaths.Fixtures, "golden", name, "film.safetensors")).Ints("input_ids");
        Assert.Equal(theirs, ours.TokenIds);
        Assert.Equal(4 * (int)golden["soft_tokens"]!, theirs.Count(id => id == tokenizer.Special.Video));
    }

    [Theory]
    [InlineData("tiny-31b")]
    [InlineData("tiny-26b-a4b")]
    [InlineData("tiny-e2b")]
    [InlineData("tiny-e4b")]
    public void Video_is_the_same_text_with_its_images_written_out_by_hand(string name)
    {
        using Gemma4Model model = ExactModel.Of(name);
        Tokenizer tokenizer = Tokenizer.Load(Path.Combine(RepositoryPaths.Fixtures, "models", name, "tokenizer.json"));
        PreparedImage[] frames = [.. new[] { "landscape.png", "strip.png", "thumb.png" }.Select(Prepare)];

        TokenizedPrompt video = new PromptTokenizer(tokenizer).Tokenize(
            new RenderedPrompt([new($"{Before}<|video|>{Behind}", true)], [new MediaSlot(MediaKind.Video, 0)]),
            [new MediaExpansion.Frames([.. frames.Select((f, i) => (TimeSpan.FromSeconds(31 * i), f.NumSoftTokens))])]);
        int[] byHand = tokenizer.Encode(
            $"{Before}00:00 {ByHand(frames[0])} 00:31 {ByHand(frames[1])} 01:02 {ByHand(frames[2])}{Behind}");
        Assert.Equal(byHand, video.TokenIds.Select(id => id == tokenizer.Special.Video ? tokenizer.Special.Image!.Value : id));

        float[] logits = Logits(model, [.. video.TokenIds], frames);
        Assert.Equal(Logits(model, byHand, frames), logits);
        Assert.NotEqual(Logits(model, byHand, [frames[0], frames[1], Shifted(frames[2])]), logits); // the frames do speak
    }

    private static PreparedImage Prepare(string file) =>
        ImagePreprocessor.Prepare(File.ReadAllBytes(Path.Combine(RepositoryPaths.Fixtures, "media", file)), 70, ImageLimits.Default);

    private static string ByHand(PreparedImage image) =>
        $"<|image>{string.Concat(Enumerable.Repeat("<|image|>", image.NumSoftTokens))}<image|>";

    private static PreparedImage Shifted(PreparedImage image) =>
        image with { Patches = image.Patches.ToArray().Select(v => v * 0.9f).ToArray() };

    /// <summary>Logits behind a prompt whose placeholders stand for these images, in their order.</summary>
    private static float[] Logits(Gemma4Model model, int[] prompt, PreparedImage[] images)
    {
        int[] places = [.. Enumerable.Range(0, prompt.Length).Where(i => model.Config.IsMediaPlaceholder(prompt[i]))];
        var spans = new List<MediaSpan>();
        foreach (PreparedImage image in images)
            spans.Add(new MediaSpan(0, places[spans.Sum(s => s.NumTokens)], image.NumSoftTokens));
        float[] soft = model.EncodeImages([.. images.Select(p => new ImagePatches(p.Patches, p.PatchColumns))]);            // [M, D]
        using var session = new PagedSession(model, prompt.Length);
        Activations hidden = session.Step(prompt, spans, new SoftTokens(places, soft));                                        // [T, D]
        return model.Logits(hidden, [prompt.Length - 1])[0].ToArray();
    }
}
