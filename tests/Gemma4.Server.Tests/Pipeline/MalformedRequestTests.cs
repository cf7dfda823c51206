using System.Text.Json;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Pipeline;

/// <summary>Requests that no client library would send, byte by byte: each is answered with a 4xx or 505 and the API's error body.</summary>
public sealed class MalformedRequestTests
{
    private const string End = "Host: 127.0.0.1\r\n\r\n";
    private const string Json = "Host: 127.0.0.1\r\nContent-Type: application/json\r\n";
    private const string Form = "Host: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=b\r\n";

    public static TheoryData<string, string, int> Requests() => new()
    {
        { "no HTTP at all", "hello\r\n\r\n", 400 },
        { "no version", "GET /v1/models\r\n" + End, 505 },
        { "an unknown version", "GET /v1/models HTTP/9.9\r\n" + End, 505 },
        { "a TLS handshake", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 \r\n\r\n", 400 },
        { "a null in the target", "GET /v1/\0models HTTP/1.1\r\n" + End, 400 },
        { "an encoded null in the path", "GET /v1/%00models HTTP/1.1\r\n" + End, 400 },
        { "a broken percent-encoding", "GET /v1/%zz%f HTTP/1.1\r\n" + End, 404 },
        { "a percent-encoding that is no UTF-8", "GET /v1/%ff%fe HTTP/1.1\r\n" + End, 404 },
        { "raw bytes in the target", "GET /v1/\xff\xfe HTTP/1.1\r\n" + End, 400 },
        { "a path that climbs out", "GET /../../etc/passwd HTTP/1.1\r\n" + End, 404 },
        { "an absolute target elsewhere", "GET http://evil.example/v1/models HTTP/1.1\r\n" + End, 400 },
        { "a target that is a host", "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", 403 },
        { "an asterisk", "GET * HTTP/1.1\r\n" + End, 405 },
        { "a method nobody knows", "BREW /v1/models HTTP/1.1\r\n" + End, 405 },
        { "a method of other characters", "G<>T /v1/models HTTP/1.1\r\n" + End, 400 },
        { "TRACE", "TRACE /v1/models HTTP/1.1\r\n" + End, 405 },
        { "a request line of 20 KB", "GET /" + new string('a', 20_000) + " HTTP/1.1\r\n" + End, 414 },
        { "a header of 40 KB", "GET /v1/models HTTP/1.1\r\nX-Long: " + new string('a', 40_000) + "\r\n" + End, 431 },
        { "1,000 headers", "GET /v1/models HTTP/1.1\r\n" + string.Concat(Enumerable.Range(0, 1000).Select(i => $"X-{i}: y\r\n")) + End, 431 },
        { "no host", "GET /v1/models HTTP/1.1\r\n\r\n", 400 },
        { "two hosts", "GET /v1/models HTTP/1.1\r\nHost: a\r\n" + End, 400 },
        { "a host with a path", "GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1/a\r\n\r\n", 400 },
        { "a header without a colon", "GET /v1/models HTTP/1.1\r\nnonsense\r\n" + End, 400 },
        { "a header with a space before its colon", "GET /v1/models HTTP/1.1\r\nX : y\r\n" + End, 400 },
        { "a header with a bare carriage return", "GET /v1/models HTTP/1.1\r\nX: a\rInjected: b\r\n" + End, 400 },
        { "a folded header", "GET /v1/models HTTP/1.1\r\nX: a\r\n b\r\n" + End, 400 },
        { "a null in a header", "GET /v1/models HTTP/1.1\r\nX: a\0b\r\n" + End, 400 },
        { "two lengths", "POST /tokenize HTTP/1.1\r\n" + Json + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400 },
        { "a negative length", "POST /tokenize HTTP/1.1\r\n" + Json + "Content-Length: -1\r\n\r\n{}", 400 },
        { "a length beyond numbers", "POST /tokenize HTTP/1.1\r\n" + Json + "Content-Length: 99999999999999999999\r\n\r\n{}", 400 },
        { "a length beyond the limit", "POST /tokenize HTTP/1.1\r\n" + Json + "Content-Length: 9999999999999\r\n\r\n{}", 413 },
        { "an unknown transfer coding", "POST /tokenize HTTP/1.1\r\n" + Json + "Transfer-Encoding: gzip\r\n\r\n{}", 400 },
        { "a chunk size of 64 bits", "POST /tokenize HTTP/1.1\r\n" + Json + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}\r\n0\r\n\r\n", 400 },
        { "a chunk size of 32 bits", "POST /tokenize HTTP/1.1\r\n" + Json + "Transfer-Encoding: chunked\r\n\r\nffffffff\r\n{}\r\n0\r\n\r\n", 400 },
        { "a negative chunk size", "POST /tokenize HTTP/1.1\r\n" + Json + "Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n", 400 },
        { "a chunk size that is none", "POST /tokenize HTTP/1.1\r\n" + Json + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n", 400 },
        { "a chunk that does not end where it says", "POST /tokenize HTTP/1.1\r\n" + Json + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}XX\r\n0\r\n\r\n", 400 },
        { "a body that is no UTF-8", "POST /tokenize HTTP/1.1\r\n" + Json + "Content-Length: 15\r\n\r\n{\"prompt\":\"\xff\xfe\"}", 400 },
        { "a name that is no UTF-8", "POST /tokenize HTTP/1.1\r\n" + Json + "Content-Length: 16\r\n\r\n{\"pro\xffmpt\":\"ab\"}", 400 },
        { "a body in UTF-16", "POST /tokenize HTTP/1.1\r\n" + Json + "Content-Length: 6\r\n\r\n\xff\xfe{\0}\0", 400 },
        { "no content type", "POST /tokenize HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}", 400 },
        { "a content type that is none", "POST /tokenize HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ;;;\r\nContent-Length: 2\r\n\r\n{}", 400 },
        { "no body", "POST /tokenize HTTP/1.1\r\n" + Json + "\r\n", 400 },
        { "a form where JSON is read", "POST /v1/chat/completions HTTP/1.1\r\n" + Form + "Content-Length: 5\r\n\r\n--b--", 400 },
        { "JSON where a form is read", "POST /v1/audio/transcriptions HTTP/1.1\r\n" + Json + "Content-Length: 2\r\n\r\n{}", 400 },
        { "a form that ends in a field's head", Upload("--b\r\nContent-Disposition: form-data; name=\"model\"\r\n"), 400 },
        { "a form that ends in a field", Upload("--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\ngemma"), 400 },
        { "a form that ends in a file", Upload("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\nRIFF"), 400 },
        { "a form of other bytes", Upload("nothing of a form"), 400 },
        { "a form with no boundary", "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data\r\nContent-Length: 2\r\n\r\nab", 400 },
    };

    [Fact]
    public async Task Each_is_answered_with_a_status_and_an_error_body_and_the_server_serves_on()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying());
        Uri address = await server.ListeningAsync();
        var wrong = new List<string>();
        foreach (TheoryDataRow<string, string, int> row in Requests())
        {
            (string what, string request, int status) = row.Data;
            try
            {
                RawAnswer answer = await RawConnection.AskAsync(address, request);
                JsonElement error = answer.Error();
                if (answer.Status != status || error.GetProperty("type").GetString() != "invalid_request_error")
                    wrong.Add($"{what}: {answer.Status} instead of {status}: {answer.Body}");
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                wrong.Add($"{what}: {exception.Message}");
            }
        }
        Assert.Empty(wrong);
        Assert.Equal(200, (await RawConnection.AskAsync(address, "GET /v1/models HTTP/1.1\r\n" + End)).Status);
    }

    [Fact]
    public async Task Answers_before_a_refusal_on_the_same_connection_are_untouched()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying());
        await using RawConnection connection = await RawConnection.ToAsync(await server.ListeningAsync());
        await connection.WriteAsync("GET /v1/models HTTP/1.1\r\n" + End + "GET /nowhere HTTP/1.1\r\n" + End + "nonsense\r\n\r\n");
        RawAnswer models = await connection.ReadAsync();
        RawAnswer nowhere = await connection.ReadAsync();
        RawAnswer refused = await connection.ReadAsync();
        Assert.Equal((200, 404, 400), (models.Status, nowhere.Status, refused.Status));
        Assert.Equal("list", JsonElement.Parse(models.Body).GetProperty("object").GetString());
        Assert.StartsWith("Invalid URL", nowhere.Error().GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("The request is not valid HTTP/1.1", refused.Error().GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.True(await connection.IsClosedAsync());
    }

    [Fact]
    public async Task A_client_that_waits_for_leave_to_send_its_body_gets_it()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying());
        await using RawConnection connection = await RawConnection.ToAsync(await server.ListeningAsync());
        await connection.WriteAsync("POST /tokenize HTTP/1.1\r\n" + Json + "Expect: 100-continue\r\nContent-Length: 15\r\n\r\n");
        Assert.Equal((100, ""), ((await connection.ReadAsync()) is var leave ? leave.Status : 0, leave.Body));
        await connection.WriteAsync("{\"prompt\":\"Hi\"}");
        Assert.Equal(200, (await connection.ReadAsync()).Status);
    }

    [Fact]
    public async Task A_request_id_with_a_line_break_cannot_write_headers()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying());
        Uri address = await server.ListeningAsync();
        RawAnswer answer = await RawConnection.AskAsync(address, "GET /nowhere%0d%0aInjected:%20yes HTTP/1.1\r\nX-Request-Id: a\tb\r\n" + End);
        Assert.Equal(404, answer.Status);
        Assert.DoesNotContain("\r\nInjected", answer.Head, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("x-request-id: req_", answer.Head, StringComparison.Ordinal);
    }

    private static string Upload(string body) => "POST /v1/audio/transcriptions HTTP/1.1\r\n" + Form + $"Content-Length: {body.Length}\r\n\r\n" + body;
}
