using System.Buffers;
using System.Text.Json;
using System.Threading.Channels;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Pipeline;

/// <summary>Who asked for what, when and with what outcome: a line of JSON a request, in a file of its own, and never a word of text or a key.</summary>
/// <remarks>The file is opened for each batch of lines, so that it may be moved away or emptied at any time. Requests wait where it is slower than they.</remarks>
internal sealed class AuditLog : IAsyncDisposable
{
    private const int MaxWaiting = 4096;

    private readonly Channel<AuditEntry> _entries = Channel.CreateBounded<AuditEntry>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly string _path;
    private readonly ILogger _log;
    private readonly Task _writing;

    /// <summary>Opens the file.</summary>
    /// <param name="path">The file, which is made if it is not there.</param>
    /// <param name="log">Told when it cannot be written later.</param>
    /// <exception cref="OptionsException">It cannot be written.</exception>
    public AuditLog(string path, ILogger<AuditLog> log)
    {
        (_path, _log) = (path, log);
        try
        {
            Open().Dispose();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new OptionsException($"Server:AuditLog {path} cannot be written: {exception.Message}");
        }
        _writing = Task.Run(WriteAllAsync);
    }

    /// <summary>Has a line written.</summary>
    public ValueTask AddAsync(AuditEntry entry) => _entries.Writer.WriteAsync(entry, CancellationToken.None);

    /// <summary>Writes what waits.</summary>
    public async ValueTask DisposeAsync()
    {
        _entries.Writer.TryComplete();
        await _writing;
    }

    private async Task WriteAllAsync()
    {
        var lines = new ArrayBufferWriter<byte>();
        while (await _entries.Reader.WaitToReadAsync())
        {
            int count = 0;
            for (; count < MaxWaiting && _entries.Reader.TryRead(out AuditEntry? entry); count++)
                Write(entry, lines);
            try
            {
                await using FileStream file = Open();
                await file.WriteAsync(lines.WrittenMemory);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                _log.AuditLost(count, _path, exception.Message);
            }
            lines.ResetWrittenCount();
        }
    }

    private static void Write(AuditEntry entry, ArrayBufferWriter<byte> lines)
    {
        using (var json = new Utf8JsonWriter(lines))
        {
            json.WriteStartObject();
            json.WriteString("time", entry.Time);
            json.WriteString("id", entry.RequestId);
            json.WriteString("key", entry.Key);
            json.WriteString("method", entry.Method);
            json.WriteString("route", entry.Route);
            json.WriteString("model", entry.Model);
            json.WriteNumber("status", entry.Status);
            json.WriteNumber("input_tokens", entry.InputTokens);
            json.WriteNumber("output_tokens", entry.OutputTokens);
            json.WriteNumber("ms", entry.Milliseconds);
            json.WriteEndObject();
        }
        lines.Write("\n"u8);
    }

    /// <summary>Only its owner reads it.</summary>
    private FileStream Open()
    {
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(_path, options);
    }
}

/// <summary>One line.</summary>
/// <param name="Time">When the request came.</param>
/// <param name="RequestId">Its id, as in the log and in the header <c>x-request-id</c>.</param>
/// <param name="Key">Name of its key; null without one.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Route">Pattern of the path; null where the path leads nowhere.</param>
/// <param name="Model">As the request names it.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="InputTokens">Of its prompts.</param>
/// <param name="OutputTokens">That were generated.</param>
/// <param name="Milliseconds">From its first byte to the last of its answer.</param>
internal sealed record AuditEntry(
    DateTimeOffset Time, string RequestId, string? Key, string Method, string? Route, string? Model, int Status, int InputTokens, int OutputTokens, long Milliseconds);
