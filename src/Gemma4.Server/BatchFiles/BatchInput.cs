using Gemma4.Server.Settings;

namespace Gemma4.Server.BatchFiles;

/// <summary>A file of requests on this machine.</summary>
internal sealed class BatchInput : IDisposable
{
    private const int MaxLineBytes = 128 << 20, BufferBytes = 1 << 16;

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
                await foreach (CheckedLine line in BatchLines.ReadAsync(input._file, MaxLineBytes, endpoint: null, cancellationToken))
                    input.Lines.Add(line.Line ?? throw new OptionsException($"{path}, line {line.Number}: {line.Fault!.Message}"));
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
        return BatchLines.Split(bytes).Body;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        _reading.Dispose();
    }
}
