using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Tokenization;
using Gemma4.Engine.Vision;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Vision;

/// <summary>The numbers and the text of videos against those of the reference's own video processor.</summary>
public sealed class VideoGoldenTests
{
    private static readonly JsonNode Golden = JsonNode.Parse(File.ReadAllText(Path.Combine(RepositoryPaths.Fixtures, "golden", "film.json")))!;
    private static readonly Tokenizer Tokens = Tokenizer.Load(Path.Combine(RepositoryPaths.DemoModel, "tokenizer.json"));

    [Fact]
    public void Videos_have_the_indices_and_stamps_of_the_reference()
    {
        foreach (Video video in Videos().Where(f => f.Refused is null))
        {
            ImmutableArray<int> indices = FrameSampling.Indices(video.Frames, video.Take);
            Assert.Equal((video, video.Indices), (video, string.Join(' ', indices)));
            string text = string.Join(' ', video.Stamps.Split(' ').Select(s => $"{s} <|image><|video|><image|>"));
            Assert.Equal(Tokens.Encode(text), Prompt("<|video|>", indices, video.FramesPerSecond, 1));
        }
    }

    [Fact]
    public void Videos_that_the_reference_refuses_are_shown_as_far_as_they_go()
    {
        Video[] refused = [.. Videos().Where(f => f.Refused is not null)];
        Assert.Equal(["more than there are"], refused.Select(f => f.Refused!).Distinct());
        foreach (Video video in refused)
        {
            Assert.True(video.Frames < video.Take);
            Assert.Equal(Enumerable.Range(0, video.Frames), FrameSampling.Indices(video.Frames, video.Take));
        }
    }

    [Fact]
    public void Every_short_video_has_the_indices_of_the_reference()
    {
        JsonNode every = Golden["every"]!;
        var lines = new StringBuilder();
        int videos = 0;
        for (int frames = 1; frames <= (int)every["frames_up_to"]!; frames++)
        {
            for (int take = 1; take <= Math.Min(frames, (int)every["take_up_to"]!); take++)
            {
                lines.Append(CultureInfo.InvariantCulture, $"{frames} {take} {string.Join(' ', FrameSampling.Indices(frames, take))}\n");
                videos++;
            }
        }
        Assert.Equal((int)every["films"]!, videos);
        Assert.Equal((string?)every["sha256"], Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines.ToString()))));
    }

    [Fact]
    public void Prompt_with_a_video_has_the_token_ids_of_the_references_text()
    {
        foreach (JsonNode? prompt in Golden["prompts"]!.AsArray())
        {
            const string before = "<bos><|turn>user\nWhat happens?", behind = " And then?<turn|>\n<|turn>model\n";
            ImmutableArray<int> indices = FrameSampling.Indices((int)prompt!["frames"]!, (int)prompt["take"]!);
            ImmutableArray<int> ours = Prompt($"{before}<|video|>{behind}", indices, Rate((string)prompt["fps"]!), (int)prompt["soft"]!);
            Assert.Equal(Tokens.Encode(before + (string)prompt["text"]! + behind), ours);
        }
    }

    private static ImmutableArray<int> Prompt(string template, ImmutableArray<int> indices, double framesPerSecond, int numSoftTokens) =>
        new PromptTokenizer(Tokens).Tokenize(
            new RenderedPrompt([new(template, true)], [new MediaSlot(MediaKind.Video, 0)]),
            [new MediaExpansion.Frames([.. indices.Select(i => (FrameSampling.TimeOf(i, framesPerSecond), numSoftTokens))])]).TokenIds;

    private static IEnumerable<Video> Videos() => Golden["films"]!.AsArray().Select(f => new Video(
        Rate((string)f!["fps"]!), (int)f["frames"]!, (int)f["take"]!, (string?)f["indices"] ?? "", (string?)f["stamps"] ?? "", (string?)f["refused"]));

    private static double Rate(string name) => name == "none"
        ? FrameSampling.DefaultFramesPerSecond
        : name.Split('/').Select(n => double.Parse(n, CultureInfo.InvariantCulture)).Aggregate((a, b) => a / b);

    private sealed record Video(double FramesPerSecond, int Frames, int Take, string Indices, string Stamps, string? Refused);
}
