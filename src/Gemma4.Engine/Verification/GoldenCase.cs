using System.Collections.Immutable;
using System.Text.Json;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Layers;

namespace Gemma4.Engine.Verification;

/// <summary>One case of <c>golden/MODEL/cases.json</c> with its tensors.</summary>
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

    /// <summary>Runs of placeholders, one a picture or sound.</summary>
    public required ImmutableArray<MediaSpan> MediaSpans { get; init; }

    /// <summary>Paths of the pictures, in order.</summary>
    public ImmutableArray<string> Images { get; init; } = [];

    /// <summary>Soft tokens each picture may cost.</summary>
    public int MaxSoftTokens { get; init; }

    /// <summary>Path of the sound; null where there is none.</summary>
    public string? Audio { get; init; }

    /// <summary>Reads all cases of one model.</summary>
    /// <param name="root">A folder laid out like the fixtures: models, golden and media side by side.</param>
    /// <param name="model">The model's name.</param>
    /// <param name="config">Its configuration.</param>
    public static IReadOnlyList<GoldenCase> ReadAll(string root, string model, Gemma4Config config)
    {
        string folder = Path.Combine(root, "golden", model), file = Path.Combine(folder, "cases.json");
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            return [.. document.RootElement.EnumerateObject().Select(e => Read(root, folder, model, e.Name, e.Value, config))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new CheckpointException(file, $"not a list of cases: {e.Message}", e);
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
            Images = entry.TryGetProperty("images", out JsonElement images)
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
