using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Gemma4.Server.BatchFiles;

/// <summary>Reads and checks the lines of a file of requests as OpenAI's batches have it: JSON with <c>custom_id</c>, <c>method</c>, <c>url</c> and <c>body</c>.</summary>
internal static class BatchLines
{
    /// <summary>Most lines, as OpenAI has it.</summary>
    public const int MaxLines = 50_000;

    private const int MaxIdLength = 512, OrderLength = 512;

    private static readonly string[] Urls = ["/v1/chat/completions", "/v1/completions", "/v1/responses"];

    /// <summary>The fields that hold the prompt, one of each API.</summary>
    private static readonly string[] Prompts = ["messages", "prompt", "input"];

    /// <summary>What an answer that comes whole and at once cannot have.</summary>
    private static readonly string[] Unfit = ["stream", "background"];

    /// <summary>The lines of a file, in its order; blank ones are left out. Ends behind <see cref="MaxLines"/>.</summary>
    /// <param name="file">Can seek.</param>
    /// <param name="maxLineBytes">A line may have no more.</param>
    /// <param name="endpoint">The only url; null for any.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public static async IAsyncEnumerable<CheckedLine> ReadAsync(Stream file, int maxLineBytes, string? endpoint, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        int number = 0, count = 0;
        await foreach ((long offset, byte[] line) in LineReader.ReadAsync(file, maxLineBytes, cancellationToken))
        {
            number++;
            if (line.AsSpan().Trim((byte)' ').IsEmpty)
                continue;
            if (count++ == MaxLines)
            {
                yield return new CheckedLine(number, null, new LineFault("too_many_tasks", $"there are more than {MaxLines} requests. Split the file."));
                yield break;
            }
            if (line.Length > maxLineBytes)
            {
                yield return new CheckedLine(number, null, new LineFault("line_too_long", $"it is longer than {maxLineBytes} bytes."));
                continue;
            }
            CheckedLine parsed = Parse(line, offset, number, endpoint);
            yield return parsed.Line is { } good && !ids.Add(good.CustomId)
                ? new CheckedLine(number, null, new LineFault("duplicate_custom_id", $"custom_id '{good.CustomId}' stands there twice.", "custom_id"))
                : parsed;
        }
    }

    /// <summary>What a line that was found right is found by, and its request.</summary>
    public static (string CustomId, byte[] Body) Split(byte[] line)
    {
        using JsonDocument json = JsonDocument.Parse(line);
        return (json.RootElement.GetProperty("custom_id").GetString()!, JsonMarshal.GetRawUtf8Value(json.RootElement.GetProperty("body")).ToArray());
    }

    private static CheckedLine Parse(byte[] line, long offset, int number, string? endpoint)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            return FaultOf(json.RootElement, endpoint) is { } fault
                ? new CheckedLine(number, null, fault)
                : new CheckedLine(number, LineOf(json.RootElement, offset, line.Length), null);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Of a text that is no Unicode, JsonElement says so only when it is asked for.
            return new CheckedLine(number, null, new LineFault("invalid_json_line", $"it is not JSON: {exception.Message}"));
        }
    }

    private static LineFault? FaultOf(JsonElement root, string? endpoint)
    {
        if (root.ValueKind != JsonValueKind.Object)
            return new LineFault("invalid_json_line", "it is not an object with custom_id, method, url and body.");
        foreach (string name in (string[])["custom_id", "method", "url"])
        {
            if (Text(root, name) is null)
                return new LineFault("missing_required_parameter", $"{name} is missing or not a text.", name);
        }
        if (Text(root, "custom_id")!.Length is 0 or > MaxIdLength)
            return new LineFault("invalid_custom_id", $"custom_id must have 1 to {MaxIdLength} characters.", "custom_id");
        if (Text(root, "method") != "POST")
            return new LineFault("invalid_method", "method must be POST.", "method");
        if (!Urls.Contains(Text(root, "url")))
            return new LineFault("invalid_url", $"url must be one of {string.Join(", ", Urls)}.", "url");
        if (endpoint is not null && Text(root, "url") != endpoint)
            return new LineFault("mismatched_url", $"url must be the batch's endpoint, {endpoint}.", "url");
        if (!root.TryGetProperty("body", out JsonElement body) || body.ValueKind != JsonValueKind.Object)
            return new LineFault("missing_required_parameter", "body must be an object, the request.", "body");
        return Unfit.FirstOrDefault(name => body.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True) is { } unfit
            ? new LineFault("unsupported_parameter", $"body.{unfit} must not be true: answers are written whole.", $"body.{unfit}")
            : null;
    }

    private static BatchLine LineOf(JsonElement root, long offset, int length)
    {
        JsonElement body = root.GetProperty("body");
        string prompt = Prompts.Select(name => body.TryGetProperty(name, out JsonElement text) ? text.GetRawText() : null).FirstOrDefault(text => text is not null) ?? "";
        return new BatchLine(Text(root, "custom_id")!, Text(root, "url")!, offset, length, prompt.Length <= OrderLength ? prompt : prompt[..OrderLength]);
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
}

/// <summary>A line that was read: either right or not.</summary>
/// <param name="Number">From 1 on.</param>
/// <param name="Line">The request; null where something is wrong.</param>
/// <param name="Fault">What is wrong; null where nothing is.</param>
internal sealed record CheckedLine(int Number, BatchLine? Line, LineFault? Fault);

/// <summary>What is wrong with a line.</summary>
/// <param name="Code">For programs.</param>
/// <param name="Message">For people.</param>
/// <param name="Param">The field at fault; null for none.</param>
internal sealed record LineFault(string Code, string Message, string? Param = null);
