using System.Text.Json;
using Gemma4.Server.Settings;

namespace Gemma4.Server.BatchFiles;

/// <summary>The file of answers: a line each, as OpenAI's batches have it, added as soon as there is one. What a run that was ended has left is gone on from.</summary>
internal sealed class BatchOutput : IDisposable
{
    private const int MaxLineBytes = 256 << 20;

    private readonly FileStream _file;
    private readonly SemaphoreSlim _writing = new(1, 1);

    private BatchOutput(FileStream file) => _file = file;

    /// <summary>What is answered already.</summary>
    public HashSet<string> Answered { get; } = new(StringComparer.Ordinal);

    /// <summary>Opens the file, new or as an earlier run left it: a line that it did not finish is dropped.</summary>
    /// <exception cref="OptionsException">It cannot be written, or holds something else than answers.</exception>
    public static async Task<BatchOutput> OpenAsync(string path, CancellationToken cancellationToken)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.Read, Options = FileOptions.Asynchronous });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new OptionsException($"{path} cannot be written: {exception.Message}");
        }
        var output = new BatchOutput(file);
        long end = 0;
        await foreach ((long offset, byte[] line) in LineReader.ReadAsync(file, MaxLineBytes, cancellationToken))
        {
            bool isWhole = offset + line.Length < file.Length;
            if (!isWhole)
                break;
            output.Answered.Add(IdOf(line) ?? throw NotAnswers(path, file));
            end = offset + line.Length + 1;
        }
        file.SetLength(end);
        file.Position = end;
        return output;
    }

    /// <summary>Adds an answer. When this returns it is with the operating system, and survives the end of the process.</summary>
    public async Task AddAsync(string customId, int status, string? requestId, JsonElement body, CancellationToken cancellationToken)
    {
        byte[] line = JsonSerializer.SerializeToUtf8Bytes(
            new BatchAnswer($"batch_req_{customId}", customId, new BatchResponse(status, requestId, body), null), BatchJson.Context.BatchAnswer);
        await _writing.WaitAsync(cancellationToken);
        try
        {
            await _file.WriteAsync((byte[])[.. line, (byte)'\n'], CancellationToken.None);
            await _file.FlushAsync(CancellationToken.None);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        _writing.Dispose();
    }

    private static string? IdOf(byte[] line)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            return json.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("custom_id", out JsonElement id) ? id.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static OptionsException NotAnswers(string path, FileStream file)
    {
        file.Dispose();
        return new OptionsException($"{path} is there and holds something else than answers of a batch. Name another file.");
    }
}
