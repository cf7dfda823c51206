namespace Gemma4.Server.Hub;

/// <summary>The bytes of an answer while they arrive. A connection that breaks or stalls is a <see cref="TransientHubException"/>.</summary>
/// <param name="response">The answer; owned.</param>
/// <param name="stream">Its body; owned.</param>
/// <param name="start">Where in the file its first byte belongs.</param>
/// <param name="stall">The longest silence.</param>
/// <param name="time">Measures it.</param>
internal sealed class HubBody(HttpResponseMessage response, Stream stream, long start, TimeSpan stall, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Where in the file its first byte belongs: 0 where the server sends the whole file although a part of it was asked for.</summary>
    public long Start => start;

    /// <summary>Reads some bytes; 0 at the end.</summary>
    /// <exception cref="TransientHubException">The connection broke, or nothing came.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using var silence = new CancellationTokenSource(stall, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
        try
        {
            return await stream.ReadAsync(buffer, either.Token);
        }
        catch (Exception exception) when (HubFailures.IsOfNetwork(exception, cancellationToken))
        {
            throw HubFailures.Of(exception, response.RequestMessage!.RequestUri!, stall);
        }
    }

    /// <summary>Reads to the end.</summary>
    /// <exception cref="HubException">There are more bytes than allowed.</exception>
    public async Task<byte[]> ReadAllAsync(int maxBytes, CancellationToken cancellationToken)
    {
        var all = new MemoryStream();
        byte[] buffer = new byte[64 << 10];
        while (await ReadAsync(buffer, cancellationToken) is > 0 and int read)
        {
            if (all.Length + read > maxBytes)
                throw new HubException($"{response.RequestMessage!.RequestUri!.Host} sends more than {HubText.Bytes(maxBytes)} for a list of files.");
            all.Write(buffer, 0, read);
        }
        return all.ToArray();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        response.Dispose();
    }
}
