using System.Text.Json;
using Gemma4.Server.Settings;

namespace Gemma4.Server.BatchFiles;

/// <summary>A file of requests as OpenAI's batches have it: a line of JSON each, with <c>custom_id</c>, <c>method</c>, <c>url</c> and <c>body</c>.</summary>
internal sealed class BatchInput : IDisposable
{
    /// <summary>Most lines, as OpenAI has it.</summary>
    public const int MaxLines = 50_000;

    private const int MaxLineBytes = 128 << 20, MaxIdLength = 512, BufferBytes = 1 << 16, OrderLength = 512;

    private static readonly string[] Urls = ["/v1/chat/completions", "/v1/completions", "/v1/responses"];

    /// <summary>The fields that hold the prompt, one of each API.</summary>
    private static readonly string[] Prompts = ["messages", "prompt", "input"];

    private readonly FileStream _file;
    private readonly SemaphoreSlim _reading = new(1, 1);

    private BatchInput(FileStream file) => _file = file;

    /// <summary>The lines, in the file's order.</summary>
    public List<BatchLine> Lines { get; } = [];

    /// <summary>Opens a file and checks every line of it, before anything is done.</summary>
    /// <exception cref="OptionsException">It cannot be read, or a line is wrong: named by its number.</exception>
    public static async Task<BatchInput> OpenAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            var input = new BatchInput(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, useAsync: true));
            try
            {
                await input.ReadLinesAsync(path, cancellationToken);
                return input;
            }
            catch
            {
                input.Dispose();
                throw;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new OptionsException($"{path} cannot be read: {exception.Message}");
        }
    }

    /// <summary>The body of a line's request, as JSON.</summary>
    public async Task<byte[]> BodyAsync(BatchLine line, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[line.Length];
        await _reading.WaitAsync(cancellationToken);
        try
        {
            _file.Position = line.Offset;
            await _file.ReadExactlyAsync(bytes, cancellationToken);
        }
        finally
        {
            _reading.Release();
        }
        using JsonDocument json = JsonDocument.Parse(bytes);
        return JsonSerializer.SerializeToUtf8Bytes(json.RootElement.GetProperty("body"), BatchJson.Context.JsonElement);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        _reading.Dispose();
    }

    private async Task ReadLinesAsync(string path, CancellationToken cancellationToken)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        int number = 0;
        await foreach ((long offset, byte[] line) in LineReader.ReadAsync(_file, MaxLineBytes, cancellationToken))
        {
            number++;
            if (line.AsSpan().Trim((byte)' ').IsEmpty)
                continue;
            string place = $"{path}, line {number}";
            if (line.Length > MaxLineBytes)
                throw new OptionsException($"{place}: it is longer than {MaxLineBytes} bytes.");
            if (Lines.Count == MaxLines)
                throw new OptionsException($"{place}: there are more than {MaxLines} requests. Split the file.");
            BatchLine parsed = Parse(line, offset, place);
            if (!ids.Add(parsed.CustomId))
                throw new OptionsException($"{place}: custom_id '{parsed.CustomId}' stands there twice.");
            Lines.Add(parsed);
        }
    }

    private static BatchLine Parse(byte[] line, long offset, string place)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            JsonElement root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                throw new OptionsException($"{place}: it is not an object with custom_id, method, url and body.");
            string id = Text(root, "custom_id", place), url = Text(root, "url", place);
            if (id.Length is 0 or > MaxIdLength)
                throw new OptionsException($"{place}: custom_id must have 1 to {MaxIdLength} characters.");
            if (Text(root, "method", place) != "POST")
                throw new OptionsException($"{place}: method must be POST.");
            if (!Urls.Contains(url))
                throw new OptionsException($"{place}: url must be one of {string.Join(", ", Urls)}.");
            if (!root.TryGetProperty("body", out JsonElement body) || body.ValueKind != JsonValueKind.Object)
                throw new OptionsException($"{place}: body must be an object, the request.");
            if (body.TryGetProperty("stream", out JsonElement stream) && stream.ValueKind == JsonValueKind.True)
                throw new OptionsException($"{place}: body.stream must not be true: answers are written whole.");
            string prompt = Prompts.Select(name => body.TryGetProperty(name, out JsonElement text) ? text.GetRawText() : null).FirstOrDefault(text => text is not null) ?? "";
            return new BatchLine(id, url, offset, line.Length, prompt.Length <= OrderLength ? prompt : prompt[..OrderLength]);
        }
        catch (JsonException exception)
        {
            throw new OptionsException($"{place}: it is not JSON: {exception.Message}");
        }
    }

    private static string Text(JsonElement root, string name, string place) => root.TryGetProperty(name, out JsonElement text) && text.ValueKind == JsonValueKind.String
        ? text.GetString()!
        : throw new OptionsException($"{place}: {name} is missing or not a text.");
}
