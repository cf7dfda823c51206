using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gemma4.LoadTest.Soak;

/// <summary>Sends questions, and says what became of each.</summary>
internal sealed class SoakClient(Uri server, string key, Interruptions interruptions) : IDisposable
{
    /// <summary>Longer than a full queue takes. Whoever gets nothing for so long was forgotten.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 4000 }) { BaseAddress = server, Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Sends a question and reads the answer to its end.</summary>
    public async Task<SoakResult> AskAsync(SoakQuestion question, bool stream, CancellationToken cancellationToken)
    {
        long sent = Stopwatch.GetTimestamp();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        SoakResult Ended(SoakEnd end, string? detail = null) => new(question.Kind, end) { Detail = detail, Time = Stopwatch.GetElapsedTime(sent) };
        bool hasBegun = false;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, question.Path) { Content = question.Content(stream) };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            if (!response.IsSuccessStatusCode)
                return Ended(await RefusalAsync(response, sent, patience.Token), $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(patience.Token)}");
            hasBegun = true;
            (string said, TimeSpan first) = await ReadAsync(question, stream, response, sent, patience.Token);
            bool? isEqual = question.Alone is null ? null : question.Alone == said;
            return Ended(SoakEnd.Answered, isEqual == false ? $"'{said}' beside others, '{question.Alone}' alone" : said) with { IsEqual = isEqual, FirstBytes = first };
        }
        catch (ErrorFrameException error)
        {
            return Ended(interruptions.Met(sent) ? SoakEnd.Stopped : SoakEnd.Wrong, $"error frame: {error.Message}");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException && !hasBegun && interruptions.Met(sent))
        {
            return Ended(SoakEnd.NotTaken);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or InvalidDataException or JsonException or NullReferenceException or InvalidOperationException or OperationCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            return Ended(SoakEnd.Wrong, $"{(hasBegun ? "an answer that had begun" : "no answer")}: {e.GetType().Name}: {e.Message}");
        }
    }

    /// <summary>Begins a long answer, reads a little of it and leaves.</summary>
    public async Task<SoakResult> VanishAsync(int pieces, CancellationToken cancellationToken)
    {
        const string kind = "client that leaves";
        long sent = Stopwatch.GetTimestamp();
        try
        {
            using HttpRequestMessage request = LongAnswer();
            using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (!response.IsSuccessStatusCode)
                return new SoakResult(kind, await RefusalAsync(response, sent, cancellationToken)) { Detail = $"{(int)response.StatusCode}" };
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
            for (int i = 0; i < pieces && await reader.ReadLineAsync(cancellationToken) is not null; i++)
            {
                // What it says does not matter to who leaves.
            }
            return new SoakResult(kind, SoakEnd.Left);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new SoakResult(kind, interruptions.Met(sent) ? SoakEnd.NotTaken : SoakEnd.Wrong) { Detail = e.Message };
        }
    }

    /// <summary>Begins a long answer, reads nothing for a while, and then the rest.</summary>
    public async Task<SoakResult> StallAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        const string kind = "client that stalls";
        long sent = Stopwatch.GetTimestamp();
        // A small buffer, so that the server's writes wait for this client.
        using var http = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectAsync }) { BaseAddress = server, Timeout = Timeout.InfiniteTimeSpan };
        try
        {
            using HttpRequestMessage request = LongAnswer();
            using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (!response.IsSuccessStatusCode)
                return new SoakResult(kind, await RefusalAsync(response, sent, cancellationToken)) { Detail = $"{(int)response.StatusCode}" };
            await Task.Delay(pause, cancellationToken);
            string answer = await response.Content.ReadAsStringAsync(cancellationToken);
            SoakEnd end = answer.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal) && !answer.Contains("data: {\"error\"", StringComparison.Ordinal) ? SoakEnd.Answered
                : answer.Contains("data: {\"error\"", StringComparison.Ordinal) && interruptions.Met(sent) ? SoakEnd.Stopped : SoakEnd.Wrong;
            return new SoakResult(kind, end) { Time = Stopwatch.GetElapsedTime(sent), Detail = end == SoakEnd.Wrong ? $"it ends with: {answer[^Math.Min(answer.Length, 200)..]}" : null };
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // Who reads nothing while the server stops is cut off in the end.
            return new SoakResult(kind, interruptions.Met(sent) ? SoakEnd.NotTaken : SoakEnd.Wrong) { Detail = e.Message };
        }
    }

    /// <summary>Asks for the list of models with a key.</summary>
    /// <returns>The status; null where there was no answer.</returns>
    public async Task<HttpStatusCode?> StatusAsync(string otherKey, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", otherKey);
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, cancellationToken);
            return response.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage LongAnswer()
    {
        var body = new JsonObject
        {
            ["model"] = SoakQuestions.Model,
            ["stream"] = true,
            ["ignore_eos"] = true,
            ["max_tokens"] = 600,
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Tell me a story about a fox." }),
        };
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body.ToJsonString(), System.Text.Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return request;
    }

    /// <summary>A refusal is clear where it has the API's error and says when to come again.</summary>
    private async Task<SoakEnd> RefusalAsync(HttpResponseMessage response, long sent, CancellationToken cancellationToken)
    {
        bool isClear = response.Headers.Contains("retry-after") && JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))?["error"] is not null;
        return response.StatusCode switch
        {
            HttpStatusCode.TooManyRequests when isClear => SoakEnd.Refused,
            HttpStatusCode.ServiceUnavailable when isClear && interruptions.Met(sent) => SoakEnd.Stopped,
            _ => SoakEnd.Wrong,
        };
    }

    private static async Task<(string Said, TimeSpan First)> ReadAsync(SoakQuestion question, bool stream, HttpResponseMessage response, long sent, CancellationToken cancellationToken)
    {
        if (!stream)
            return (question.Reader.Whole(await response.Content.ReadAsStringAsync(cancellationToken)), Stopwatch.GetElapsedTime(sent));
        var pieces = new List<string>();
        TimeSpan first = TimeSpan.Zero;
        try
        {
            Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
            if (response.Content.Headers.ContentType?.MediaType == "text/event-stream")
            {
                await foreach (SseItem<string> item in SseParser.Create(body).EnumerateAsync(cancellationToken))
                    Add(item.Data);
            }
            else
            {
                using var reader = new StreamReader(body);
                while (await reader.ReadLineAsync(cancellationToken) is { } line)
                    Add(line);
            }
        }
        catch (IOException) when (EndsWithError(question, pieces) is { } error)
        {
            // Behind an error frame the server cuts the connection, so that nobody takes the answer for whole.
            throw error;
        }
        return (question.Reader.Pieces(pieces), first);

        void Add(string piece)
        {
            if (pieces.Count == 0)
                first = Stopwatch.GetElapsedTime(sent);
            if (piece.Length > 0)
                pieces.Add(piece);
        }
    }

    /// <summary>The error that an answer ends with; null where it does not.</summary>
    private static ErrorFrameException? EndsWithError(SoakQuestion question, List<string> pieces)
    {
        try
        {
            question.Reader.Pieces(pieces);
            return null;
        }
        catch (ErrorFrameException error)
        {
            return error;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = 4096 };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
