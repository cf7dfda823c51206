using System.Text;

namespace Gemma4.Testing.Attacks;

/// <summary>A row of the attack table: what is sent, what must come back, and what it may cost others.</summary>
/// <param name="Name">Names the row.</param>
/// <param name="SendAsync">Sends it and reads the answer.</param>
/// <param name="Expected">What must come back.</param>
internal sealed record Attack(string Name, Func<IAttackTarget, CancellationToken, Task<RawAnswer>> SendAsync, Outcome Expected)
{
    /// <summary>What resident memory may grow by while it is served: a body is held as bytes, as JSON, as text and as tokens.</summary>
    public long MaxMemoryBytes { get; init; } = 400L << 20;

    /// <summary>What a bystander's longest gap may grow by in any case: what the scheduler of two busy cores makes of a gap of a few
    /// milliseconds. What stops the engine's thread takes far longer.</summary>
    public TimeSpan GapSlack { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long the answer may take on a busy machine.</summary>
    public TimeSpan MaxTime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The same row of a request that rightly makes steps longer, with many sequences or a long prompt of its own.</summary>
    public Attack OfMuchWork() => this with { GapSlack = TimeSpan.FromSeconds(2) };

    /// <summary>A POST of JSON.</summary>
    public static Attack Post(string name, string path, Func<string> body, Outcome expected) =>
        Post(name, path, () => Encoding.UTF8.GetBytes(body()), expected);

    /// <summary>A POST of bytes that claim to be JSON, or something else.</summary>
    public static Attack Post(string name, string path, Func<byte[]> body, Outcome expected, string contentType = "application/json") =>
        new(name, (server, cancellationToken) => server.PostAsync(path, body(), contentType, cancellationToken), expected);

    /// <summary>A chat request with these fields beside a short conversation.</summary>
    public static Attack Chat(string name, string fields, Outcome expected) => Chat(name, () => fields, expected);

    /// <summary>A chat request with large fields, which are made only when it is sent.</summary>
    public static Attack Chat(string name, Func<string> fields, Outcome expected) =>
        Post("chat: " + name, TextRequests.Path("chat"), () => TextRequests.Body("chat", $",\"max_tokens\":4,{fields()}"), expected);

    /// <summary>A request of an API with these fields beside a short question.</summary>
    public static Attack Api(string api, string name, Func<string> fields, Outcome expected) =>
        Post($"{api}: {name}", TextRequests.Path(api), () => TextRequests.Body(api, "," + fields()), expected);

    /// <summary>Bytes on a connection of their own.</summary>
    public static Attack Raw(string name, Func<byte[]> bytes, Outcome expected) => new(
        "http: " + name,
        async (server, cancellationToken) =>
        {
            using RawConnection connection = await RawConnection.OpenAsync(server.Url, cancellationToken);
            await connection.SendAsync(bytes(), cancellationToken);
            return await connection.ReceiveAsync(cancellationToken);
        },
        expected);

    /// <summary>Text on a connection of its own, one byte a character.</summary>
    public static Attack Raw(string name, string text, Outcome expected) => Raw(name, () => Encoding.Latin1.GetBytes(text), expected);
}

/// <summary>What must come back.</summary>
/// <param name="Statuses">Any of these; 0 for a connection that is closed without an answer.</param>
internal sealed record Outcome(params int[] Statuses)
{
    /// <summary>A valid answer.</summary>
    public static Outcome Valid { get; } = new(200);

    /// <summary>The error's code, where the API has codes; null when any will do.</summary>
    public string? Code { get; init; }

    /// <summary>The field that the error names; null when any will do.</summary>
    public string? Param { get; init; }

    /// <summary>What must hold of the body.</summary>
    public Func<string, bool>? Body { get; init; }

    /// <summary>A 400.</summary>
    public static Outcome Refused(string? param = null, string? code = null) => new(400) { Param = param, Code = code };
}
