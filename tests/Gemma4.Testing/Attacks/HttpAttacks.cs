using System.Text;
using static Gemma4.Testing.Attacks.Attack;
using static Gemma4.Testing.Attacks.JsonAttacks;

namespace Gemma4.Testing.Attacks;

/// <summary>What is not quite HTTP.</summary>
internal static class HttpAttacks
{
    private const string Head = "POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    private const string Chunked = Head + "Transfer-Encoding: chunked\r\n\r\n";

    /// <summary>Closing without an answer is an answer too.</summary>
    private static readonly Outcome RefusedOrClosed = new(0, 400);

    public static IEnumerable<Attack> All =>
    [
        Raw("a chunk of 2^64 - 1 bytes", Chunked + "ffffffffffffffff\r\n{}\r\n0\r\n\r\n", RefusedOrClosed),
        Raw("a chunk of 2^31 bytes", Chunked + "80000000\r\n{}\r\n", new Outcome(0, 400, 413)),
        Raw("a chunk of -1 bytes", Chunked + "-1\r\n{}\r\n0\r\n\r\n", RefusedOrClosed),
        Raw("a chunk of zz bytes", Chunked + "zz\r\n{}\r\n0\r\n\r\n", RefusedOrClosed),
        Raw("a chunk that is longer than it says", Chunked + "1\r\n{}\r\n0\r\n\r\n", RefusedOrClosed),
        Raw("a chunk with a megabyte of extension", Chunked + "2;" + new string('x', 1_000_000) + "\r\n{}\r\n0\r\n\r\n", new Outcome(0, 400, 413, 431)),
        Raw("100,000 chunks of one byte", Chunked + "1\r\n{\r\n" + Repeat("1\r\n \r\n", 100_000) + "1\r\n}\r\n0\r\n\r\n", new Outcome(400)),
        Raw("trailers by the megabyte", Chunked + "2\r\n{}\r\n0\r\n" + Repeat("X: y\r\n", 200_000) + "\r\n", new Outcome(0, 400, 431)),
        Raw("a length and chunks", Head + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", RefusedOrClosed),
        Raw("two lengths", Head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", RefusedOrClosed),
        Raw("a length of -1", Head + "Content-Length: -1\r\n\r\n{}", RefusedOrClosed),
        Raw("a length past 64 bits", Head + "Content-Length: 99999999999999999999\r\n\r\n{}", RefusedOrClosed),
        Raw("a length above the limit", Head + "Content-Length: 999999999999\r\n\r\n{}", new Outcome(413)),
        Raw("an unknown transfer encoding", Head + "Transfer-Encoding: gzip, chunked, x\r\n\r\n0\r\n\r\n", new Outcome(0, 400, 411, 501)),
        Raw("a body that is said to be compressed", Head + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", new Outcome(400, 415)),
        Raw("no length", Head + "\r\n{}", new Outcome(400, 411)),
        Raw("a header of a megabyte", "GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + new string('x', 1_000_000) + "\r\n\r\n", new Outcome(0, 431)),
        Raw("10,000 headers", "GET /health HTTP/1.1\r\nHost: localhost\r\n" + Repeat("X: y\r\n", 10_000) + "\r\n", new Outcome(0, 431)),
        Raw("a line of a megabyte", "GET /" + new string('x', 1_000_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n", new Outcome(0, 414)),
        Raw("a method nobody knows", "FROB /health HTTP/1.1\r\nHost: localhost\r\n\r\n", new Outcome(405)),
        Raw("a method of blanks", " /health HTTP/1.1\r\nHost: localhost\r\n\r\n", RefusedOrClosed),
        Raw("CONNECT", "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: localhost\r\n\r\n", new Outcome(0, 400, 404, 405)),
        Raw("TRACE", "TRACE /health HTTP/1.1\r\nHost: localhost\r\n\r\n", new Outcome(405)),
        Raw("a version of 9.9", "GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n", new Outcome(505)),
        Raw("HTTP/2 without agreement", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", new Outcome(0, 400, 505)),
        Raw("HTTP/0.9", "GET /health\r\n", RefusedOrClosed),
        Raw("a request to TLS", () => [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03, .. new byte[64], (byte)'\r', (byte)'\n'], RefusedOrClosed),
        Raw("no host", "GET /health HTTP/1.1\r\n\r\n", RefusedOrClosed),
        Raw("two hosts", "GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", RefusedOrClosed),
        Raw("a NUL in the path", "GET /hea\0lth HTTP/1.1\r\nHost: localhost\r\n\r\n", RefusedOrClosed),
        Raw("an escaped NUL in the path", "GET /v1/models/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", new Outcome(0, 400, 404)),
        Raw("an escape that is none", "GET /v1/models/%zz%2 HTTP/1.1\r\nHost: localhost\r\n\r\n", new Outcome(400, 404)),
        Raw("a path that climbs", "GET /swagger/../../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", new Outcome(400, 404)),
        Raw("a path that climbs, escaped", "GET /swagger/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", new Outcome(400, 404)),
        Raw("a header without a colon", "GET /health HTTP/1.1\r\nHost: localhost\r\nnonsense\r\n\r\n", RefusedOrClosed),
        Raw("a header with a blank before its colon", "GET /health HTTP/1.1\r\nHost: localhost\r\nX : y\r\n\r\n", RefusedOrClosed),
        Raw("a header that goes on in the next line", "GET /health HTTP/1.1\r\nHost: localhost\r\nX: y\r\n z\r\n\r\n", RefusedOrClosed),
        Raw("a request id with a line end", "GET /nowhere HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: a%0d%0aX: y\r\n\r\n", new Outcome(404)),
        Raw("a request id of 4,000 characters", "GET /nowhere HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: " + new string('i', 4000) + "\r\n\r\n", new Outcome(404)),
        Raw("line ends without carriage returns", "GET /health HTTP/1.1\nHost: localhost\n\n", new Outcome(0, 200, 400)),
        Raw("an upgrade to HTTP/2", "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n", new Outcome(200)),
        Raw("an expectation that is not met", Head + "Expect: 200-maybe\r\nContent-Length: 2\r\n\r\n{}", new Outcome(400, 417)),
        new("http: 200 requests at once on one connection", PipelineAsync, Outcome.Valid),
        new("http: 200 connections that never finish their headers", SlowAsync, Outcome.Valid) { MaxMemoryBytes = 100L << 20 },
        new("http: 200 connections that never finish their bodies", SlowBodiesAsync, Outcome.Valid) { MaxMemoryBytes = 100L << 20 },
        new("http: 500 connections that come and go", ComeAndGoAsync, Outcome.Valid),
        new("http: 50 streams that their clients leave", LeaveAsync, Outcome.Valid),
    ];

    private static async Task<RawAnswer> PipelineAsync(IAttackTarget server, CancellationToken cancellationToken)
    {
        using RawConnection connection = await RawConnection.OpenAsync(server.Url, cancellationToken);
        await connection.SendAsync(Repeat(RawConnection.Get("/v1/models"), 200), cancellationToken);
        RawAnswer answer = await connection.ReceiveAsync(cancellationToken);
        for (int i = 1; i < 200 && answer.Status == 200; i++)
            answer = await connection.ReceiveAsync(cancellationToken);
        return answer;
    }

    private static Task<RawAnswer> SlowAsync(IAttackTarget server, CancellationToken cancellationToken) =>
        HoldAsync(server, "GET /health HTTP/1.1\r\nHost: lo", cancellationToken);

    private static Task<RawAnswer> SlowBodiesAsync(IAttackTarget server, CancellationToken cancellationToken) =>
        HoldAsync(server, Head + "Content-Length: 100000\r\n\r\n{\"prompt\":\"", cancellationToken);

    /// <summary>Opens connections that have sent this much, and asks on another one.</summary>
    private static async Task<RawAnswer> HoldAsync(IAttackTarget server, string text, CancellationToken cancellationToken)
    {
        var held = new List<RawConnection>();
        try
        {
            for (int i = 0; i < 200; i++)
            {
                held.Add(await RawConnection.OpenAsync(server.Url, cancellationToken));
                await held[^1].SendAsync(text, cancellationToken);
            }
            return await AskAsync(server, cancellationToken);
        }
        finally
        {
            held.ForEach(connection => connection.Dispose());
        }
    }

    private static async Task<RawAnswer> ComeAndGoAsync(IAttackTarget server, CancellationToken cancellationToken)
    {
        for (int i = 0; i < 500; i++)
        {
            using RawConnection connection = await RawConnection.OpenAsync(server.Url, cancellationToken);
            if (i % 2 == 0)
                connection.Reset();
        }
        return await AskAsync(server, cancellationToken);
    }

    private static async Task<RawAnswer> LeaveAsync(IAttackTarget server, CancellationToken cancellationToken)
    {
        for (int i = 0; i < 50; i++)
        {
            using RawConnection connection = await RawConnection.OpenAsync(server.Url, cancellationToken);
            await connection.SendAsync(RawConnection.Post("/v1/chat/completions", TextRequests.Body("chat", ",\"stream\":true,\"ignore_eos\":true,\"max_tokens\":4000")), cancellationToken);
            if (i % 2 == 0)
                await connection.ReceiveUntilAsync("data: ", cancellationToken);
            connection.Reset();
        }
        return await AskAsync(server, cancellationToken);
    }

    private static async Task<RawAnswer> AskAsync(IAttackTarget server, CancellationToken cancellationToken) =>
        await server.PostAsync("/tokenize", Encoding.UTF8.GetBytes("{\"prompt\":\"a\"}"), "application/json", cancellationToken);
}
