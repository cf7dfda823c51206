using Gemma4.Engine;
using System.Collections.Immutable;
using System.Text.Json;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;

namespace Gemma4.Verification;

/// <summary>One case of <c>golden/MODEL/cases.json</c>, or that of <c>film.json</c> beside it, with its tensors.</summary>
internal sealed record GoldenCase
{
    /// <summary>Name of the model's folder.</summary>
    public required string Model { get; init; }

    /// <summary>Name of the case.</summary>
    public required string Name { get; init; }

    /// <summary>The reference's tensors.</summary>
    public required TensorFile Tensors { get; init; }

    /// <summary>The prompt, media placeholders included.</summary>
    public required ImmutableArray<int> InputIds { get; init; }

    /// <summary>The reference's greedy continuation.</summary>
    public required ImmutableArray<int> Greedy { get; init; }

    /// <summary>Distance of the two best log-probabilities at each greedy step.</summary>
    public required ImmutableArray<float> Top2Gaps { get; init; }

    /// <summary>Runs of placeholders, one for each image, frame or audio clip.</summary>
    public required ImmutableArray<MediaSpan> MediaSpans { get; init; }

    /// <summary>Paths of the images or of a video's frames, in order.</summary>
    public ImmutableArray<string> Images { get; init; } = [];

    /// <summary>Soft tokens each image may cost.</summary>
    public int MaxSoftTokens { get; init; }

    /// <summary>Path of the audio file; null where there is none.</summary>
    public string? Audio { get; init; }

    /// <summary>How far the reference's own bfloat16 is from these tensors; null where nobody recorded it.</summary>
    public RoundedReference? Rounded { get; init; }

    /// <summary>Reads all cases of one model.</summary>
    /// <param name="root">A folder laid out like the fixtures: models, golden and media side by side.</param>
    /// <param name="model">The model's name.</param>
    /// <param name="config">Its configuration.</param>
    public static IReadOnlyList<GoldenCase> ReadAll(string root, string model, Gemma4Config config)
    {
        string folder = Path.Combine(root, "golden", model), video = Path.Combine(folder, "film.json");
        IReadOnlyDictionary<string, RoundedReference> rounded = RoundedReference.ReadAll(Path.Combine(folder, "bfloat16.json"));
        GoldenCase Case(string name, JsonElement entry) => Read(root, folder, model, name, entry, config) with { Rounded = rounded.GetValueOrDefault(name) };
        IReadOnlyList<GoldenCase> cases = ReadFile(
            Path.Combine(folder, "cases.json"), list => [.. list.EnumerateObject().Select(e => Case(e.Name, e.Value))]);
        return File.Exists(video) ? [.. cases, .. ReadFile(video, entry => [Case("film", entry)])] : cases;
    }

    private static IReadOnlyList<GoldenCase> ReadFile(string file, Func<JsonElement, IReadOnlyList<GoldenCase>> read)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            return read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new CheckpointException(file, $"does not hold cases: {e.Message}", e);
        }
    }

    private static GoldenCase Read(string root, string folder, string model, string name, JsonElement entry, Gemma4Config config)
    {
        var tensors = new TensorFile(Path.Combine(folder, name + ".safetensors"));
        ImmutableArray<int> ids = [.. tensors.Ints("input_ids")];
        string media = Path.Combine(root, "media");
        return new GoldenCase
        {
            Model = model,
            Name = name,
            Tensors = tensors,
            InputIds = ids,
            Greedy = [.. tensors.Ints("greedy")],
            Top2Gaps = [.. entry.GetProperty("steps").EnumerateArray().Select(s => s[0][1].GetSingle() - s[1][1].GetSingle())],
            MediaSpans = Spans(ids, config),
            Images = entry.TryGetProperty("images", out JsonElement images) || entry.TryGetProperty("frames", out images)
                ? [.. images.EnumerateArray().Select(i => Path.Combine(media, i.GetString()!))]
                : [],
            MaxSoftTokens = entry.TryGetProperty("max_soft_tokens", out JsonElement budget) ? budget.GetInt32() : 0,
            Audio = entry.TryGetProperty("audio", out JsonElement audio) ? Path.Combine(media, audio.GetString()!) : null,
        };
    }

    private static ImmutableArray<MediaSpan> Spans(ImmutableArray<int> ids, Gemma4Config config)
    {
        var spans = ImmutableArray.CreateBuilder<MediaSpan>();
        for (int i = 0; i < ids.Length;)
        {
            int end = i;
            while (end < ids.Length && ids[end] == ids[i] && config.IsMediaPlaceholder(ids[end]))
                end++;
            if (end > i)
                spans.Add(new MediaSpan(0, i, end - i));
            i = Math.Max(end, i + 1);
        }
        return spans.ToImmutable();
    }
}
