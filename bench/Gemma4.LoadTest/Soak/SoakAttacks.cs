using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gemma4.Testing;
using Gemma4.Testing.Attacks;

namespace Gemma4.LoadTest.Soak;

/// <summary>Goes through the rows of the attack table all the while. Each must be answered as the table says, or refused for want of room.</summary>
internal sealed class SoakAttacks(Uri server, string key, Interruptions interruptions) : IAttackTarget, IDisposable
{
    private const int TooMany = 429, Unavailable = 503, NoKey = 401;

    /// <summary>A full server refuses most things before it looks at them: the row is sent again so many times.</summary>
    private const int Attempts = 6;

    /// <summary>The first begins answers without a key and waits for them; clients that leave are there anyway. The second wants to be served last of all, which on a full server is never.</summary>
    private static readonly string[] LeftOut = ["http: 50 streams that their clients leave", "chat: a priority of the largest"];

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    private readonly HttpClient _http = new() { BaseAddress = server, Timeout = Timeout.InfiniteTimeSpan };

    /// <inheritdoc/>
    public Uri Url => server;

    /// <inheritdoc/>
    public async Task<RawAnswer> PostAsync(string path, byte[] body, string contentType, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using HttpResponseMessage response = await _http.SendAsync(request, cancellationToken);
        return new RawAnswer((int)response.StatusCode, response.Headers.ToString(), await response.Content.ReadAsStringAsync(cancellationToken), IsWhole: true, WasReset: false);
    }

    /// <summary>Runs rows, in an order of the seed, until it is told to stop.</summary>
    public async Task RunAsync(int seed, Action<SoakResult> report, CancellationToken stopping)
    {
        Attack[] rows = [.. AttackTable.Rows.Where(row => !LeftOut.Contains(row.Name))];
        var random = new Random(seed);
        while (!stopping.IsCancellationRequested)
        {
            random.Shuffle(rows);
            foreach (Attack row in rows)
            {
                if (await RunAsync(row, stopping) is not { } result)
                    return;
                report(result);
                await Task.Delay(Pause, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<SoakResult?> RunAsync(Attack row, CancellationToken stopping)
    {
        long sent = Stopwatch.GetTimestamp();
        RawAnswer? answer = null;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(row.MaxTime * 2);
        try
        {
            for (int i = 0; i < Attempts && answer is null or { Status: TooMany }; i++)
            {
                if (i > 0)
                    await Task.Delay(Pause, limit.Token);
                answer = await row.SendAsync(this, limit.Token);
            }
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or OperationCanceledException)
        {
            if (stopping.IsCancellationRequested)
                return null;
            return new SoakResult("attack", interruptions.Met(sent) ? SoakEnd.NotTaken : SoakEnd.Wrong) { Detail = $"{row.Name}: {e.GetType().Name}: {e.Message}" };
        }
        SoakEnd end = row.Expected.Statuses.Contains(answer!.Status) && IsClear(answer) ? SoakEnd.Answered
            : answer.Status == NoKey && row.Name.StartsWith("http: ", StringComparison.Ordinal) ? SoakEnd.Answered
            : answer.Status == TooMany && IsClear(answer) ? SoakEnd.Refused
            : answer.Status is Unavailable or 0 && interruptions.Met(sent) ? SoakEnd.Stopped : SoakEnd.Wrong;
        return new SoakResult("attack", end) { Time = Stopwatch.GetElapsedTime(sent), Detail = end == SoakEnd.Wrong ? $"{row.Name}: {answer.Status} {answer.Body[..Math.Min(300, answer.Body.Length)]}" : null };
    }

    /// <summary>An error has a message that does not give the attack back in full.</summary>
    private static bool IsClear(RawAnswer answer)
    {
        if (answer.Status < 400 || !answer.Body.StartsWith('{'))
            return true;
        try
        {
            JsonNode? error = JsonNode.Parse(answer.Body)?["error"];
            string? message = error is JsonValue ? (string?)error : (string?)error?["message"];
            return message is { Length: > 0 and < 2000 };
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
