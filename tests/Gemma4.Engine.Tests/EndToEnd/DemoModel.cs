using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using Gemma4.Engine.Audio;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Tokenization;
using Gemma4.Engine.Vision;
using Gemma4.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gemma4.Engine.Tests.EndToEnd;

/// <summary>The demo model as a server would hold it: engine, tokenizer, template. Shared by the tests of a class.</summary>
public sealed class DemoModel : IAsyncDisposable
{
    private readonly PromptTokenizer _prompts;

    public DemoModel()
    {
        Tokenizer = Tokenizer.Load(Path.Combine(RepositoryPaths.DemoModel, "tokenizer.json"));
        Renderer = ChatRenderer.Load(RepositoryPaths.DemoModel);
        Config = Gemma4Config.Load(RepositoryPaths.DemoModel);
        _prompts = new PromptTokenizer(Tokenizer);
        Engine = EngineLoader.Load(
            Checkpoint.Open(RepositoryPaths.DemoModel), new ComputeOptions { Device = "cpu", Dtype = "float32" }, new EngineOptions { MaxTokensPerStep = 256 }, new Meters(), NullLoggerFactory.Instance, TimeProvider.System);
    }

    public Tokenizer Tokenizer { get; }

    public ChatRenderer Renderer { get; }

    public Gemma4Config Config { get; }

    public GemmaEngine Engine { get; }

    /// <summary>Cases of <c>cases.json</c> of one kind, each beside what the reference made of it.</summary>
    public static IEnumerable<(JsonNode Case, JsonNode Reference)> Cases(string kind)
    {
        JsonArray cases = Read("cases.json"), reference = Read("reference.json");
        return cases.Zip(reference).Where(pair => (string?)pair.First!["kind"] == kind).Select(pair => (pair.First!, pair.Second!));
    }

    /// <summary>The greedy answer to a conversation in OpenAI's shape, end token excluded.</summary>
    public async Task<int[]> AnswerAsync(JsonArray messages, JsonArray? tools, bool thinking)
    {
        RenderedPrompt prompt = Renderer.Render(
            [.. messages.Select(m => Message(m!))], tools?.Select(t => Tool(t!["function"]!)).ToArray(), new ChatRenderOptions { EnableThinking = thinking });
        return await AnswerAsync(_prompts.Tokenize(prompt, []).TokenIds, [], new SamplingParams { Temperature = 0 });
    }

    /// <summary>The greedy answer to a question about an image.</summary>
    public Task<int[]> AskAboutImageAsync(byte[] file, int budget, string question)
    {
        PreparedImage image = ImagePreprocessor.Prepare(file, budget, ImageLimits.Default);
        return AskAboutMediaAsync(MediaKind.Image, image.NumSoftTokens, image.At, question);
    }

    /// <summary>The greedy answer to a question about an audio clip.</summary>
    public Task<int[]> AskAboutAudioAsync(byte[] file, string question)
    {
        AudioWindow window = AudioPreprocessor.Prepare(file, AudioLimits.Default).Single();
        return AskAboutMediaAsync(MediaKind.Audio, window.NumSoftTokens, window.At, question);
    }

    private Task<int[]> AskAboutMediaAsync(MediaKind kind, int numSoftTokens, Func<int, MediaItem> place, string question)
    {
        RenderedPrompt rendered = Renderer.Render(
            [new ChatMessage { Role = "user", Parts = [new ContentPart.Media(kind, 0), new ContentPart.Text(question)] }], options: new ChatRenderOptions { EnableThinking = false });
        TokenizedPrompt prompt = _prompts.Tokenize(rendered, [kind == MediaKind.Audio ? new MediaExpansion.Windows([numSoftTokens]) : new MediaExpansion.Whole(numSoftTokens)]);
        return AnswerAsync(prompt.TokenIds, [place(prompt.SoftTokens.Single().FirstToken)], new SamplingParams { Temperature = 0 });
    }

    public async Task<int[]> AnswerAsync(ImmutableArray<int> prompt, ImmutableArray<MediaItem> media, SamplingParams sampling)
    {
        var request = new GenerationRequest
        {
            Id = Guid.NewGuid().ToString("N"),
            PromptTokenIds = prompt,
            Media = media,
            Sampling = sampling,
            MaxTokens = 200,
            StopTokenIds = Config.Generation.EndTokenIds,
        };
        await using GenerationStream stream = await Engine.SubmitAsync(request, CancellationToken.None);
        var tokens = new List<int>();
        await foreach (TokenEvent e in stream.ReadAllAsync())
        {
            if (e.Error is not null)
                throw new InvalidOperationException(e.Error);
            if (e.TokenId is { } id && !Config.Generation.EndTokenIds.Contains(id))
                tokens.Add(id);
        }
        return [.. tokens];
    }

    public ValueTask DisposeAsync() => Engine.DisposeAsync();

    private static JsonArray Read(string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(RepositoryPaths.DemoModel, file)))!.AsArray();

    private static ChatMessage Message(JsonNode m) => new()
    {
        Role = (string)m["role"]!,
        Content = (string?)m["content"],
        ToolCallId = (string?)m["tool_call_id"],
        ToolCalls = [.. (m["tool_calls"]?.AsArray() ?? []).Select(c =>
            new ChatToolCall((string?)c!["id"], (string)c["function"]!["name"]!, c["function"]!["arguments"]!.ToJsonString()))],
    };

    private static ToolDefinition Tool(JsonNode f) => new(
        (string)f["name"]!, (string?)f["description"], f["parameters"] is { } p ? System.Text.Json.JsonSerializer.SerializeToElement(p) : null);

    private sealed class Meters : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(options);

        public void Dispose()
        {
        }
    }
}
