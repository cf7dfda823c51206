using System.ComponentModel.DataAnnotations;

namespace Gemma4.Server.Settings;

/// <summary>How the server meets the network. Section <c>Server</c>.</summary>
internal sealed class ServerOptions : IValidatableObject
{
    public const string Section = "Server";

    /// <summary>Address to listen on, or a name that resolves to one of this machine's; <c>0.0.0.0</c> for all.</summary>
    [Required(AllowEmptyStrings = false)]
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>Port to listen on; 0 takes a free one.</summary>
    [Range(0, 65535)]
    public int Port { get; set; } = 8000;

    /// <summary>Keys of which requests must bring one; none lets everybody in.</summary>
    public string[] ApiKeys { get; set; } = [];

    /// <summary>JSON file of keys with names and limits, or folder with a file a key; it is read again when it changes.</summary>
    public string? ApiKeyFile { get; set; }

    /// <summary>Certificate in PEM, the chain behind it, with which the server speaks HTTPS; it is read again when it changes.</summary>
    public string? TlsCertificate { get; set; }

    /// <summary>Private key of <see cref="TlsCertificate"/> in PEM, not encrypted.</summary>
    public string? TlsKey { get; set; }

    /// <summary>Origins whose pages may call the API from a browser; <c>*</c> for all, none for none.</summary>
    public string[] CorsOrigins { get; set; } = [];

    /// <summary>Names by which requests may call this server, in Host and Origin, beside the loopback's and <see cref="Host"/>; <c>*</c> for all. They
    /// are checked on the loopback where no key is set, and everywhere where names are given here.</summary>
    public string[] AllowedHosts { get; set; } = [];

    /// <summary>How the log is written: <c>text</c> for people, or <c>json</c>, an object a line.</summary>
    [AllowedValues("text", "json")]
    public string LogFormat { get; set; } = "text";

    /// <summary>File to which a line of JSON is added for each request: who, what, when, how much, and never a text. None without it.</summary>
    public string? AuditLog { get; set; }

    /// <summary>Answer <c>/metrics</c> without a key, for scrapers that bring none, where the network lets only them in.</summary>
    public bool OpenMetrics { get; set; }

    /// <summary>Serve no page at <c>/</c>, only the API.</summary>
    public bool NoPage { get; set; }

    /// <summary>Bodies larger than this are refused with 413. Images come as base64, so this is generous.</summary>
    [Range(1024d, int.MaxValue)]
    public long MaxRequestBodyBytes { get; set; } = 128L << 20;

    /// <summary>Most bytes of all request bodies that are held at once; a request that would pass it gets 429. JSON takes a few times as much memory
    /// while it is read.</summary>
    [Range(1024, long.MaxValue)]
    public long MaxBodyBytesInFlight { get; set; } = 512L << 20;

    /// <summary>A body whose last byte comes later than this many seconds after its first is given up, with 408.</summary>
    [Range(1, 86_400)]
    public int BodySeconds { get; set; } = 300;

    /// <summary>Most connections at once; further ones are closed without an answer.</summary>
    [Range(1, 1_000_000)]
    public int MaxConnections { get; set; } = 4096;

    /// <summary>A stream that has nothing to say sends a comment this often, so that no proxy or client gives it up.</summary>
    [Range(1, 60)]
    public int HeartbeatSeconds { get; set; } = 10;

    /// <summary>At shutdown, requests being served have this long to end; then they are ended with an error.</summary>
    [Range(0, 3600)]
    public int DrainSeconds { get; set; } = 30;

    /// <summary>Whether requests need a key.</summary>
    internal bool HasKeys => ApiKeys.Length > 0 || ApiKeyFile is not null;

    /// <summary>Whether the server speaks HTTPS.</summary>
    internal bool HasTls => TlsCertificate is not null;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Array.Exists(ApiKeys, key => !IsKey(key)))
        {
            yield return new ValidationResult(
                "a key is empty or holds characters that no header can carry: use printable ASCII without spaces, or set no key at all.", [nameof(ApiKeys)]);
        }
        if (ApiKeyFile is not null && string.IsNullOrWhiteSpace(ApiKeyFile))
            yield return new ValidationResult("the path is empty; leave it away to let requests in without a key.", [nameof(ApiKeyFile)]);
        if (TlsCertificate is null != TlsKey is null || string.IsNullOrWhiteSpace(TlsCertificate ?? "-") || string.IsNullOrWhiteSpace(TlsKey ?? "-"))
        {
            yield return new ValidationResult(
                "HTTPS needs both files in PEM, the certificate (--tls-cert) and its private key (--tls-key).", [nameof(TlsCertificate), nameof(TlsKey)]);
        }
        if (AuditLog is not null && string.IsNullOrWhiteSpace(AuditLog))
            yield return new ValidationResult("the path is empty; leave it away to keep no audit log.", [nameof(AuditLog)]);
        if (CorsOrigins.Length > 1 && CorsOrigins.Contains("*"))
            yield return new ValidationResult("'*' lets all origins in and must stand alone.", [nameof(CorsOrigins)]);
        if (Array.Find(CorsOrigins, origin => !IsOrigin(origin)) is { } wrong)
        {
            yield return new ValidationResult(
                $"'{wrong}' is not an origin: scheme, host and port alone, as in https://app.example.org or http://localhost:3000, or '*' for all.", [nameof(CorsOrigins)]);
        }
        if (Array.Find(AllowedHosts, host => host != "*" && Uri.CheckHostName(host) == UriHostNameType.Unknown) is { } unknown)
        {
            yield return new ValidationResult(
                $"'{unknown}' is not the name or address of a host: no scheme, no port, as in gemma.example.org.", [nameof(AllowedHosts)]);
        }
        if (MaxBodyBytesInFlight < MaxRequestBodyBytes)
        {
            yield return new ValidationResult(
                $"{MaxBodyBytesInFlight} must be at least MaxRequestBodyBytes ({MaxRequestBodyBytes}), or the largest body would never be taken.",
                [nameof(MaxBodyBytesInFlight)]);
        }
    }

    private static bool IsKey(string? key) => key is { Length: > 0 } && key.All(c => c is > ' ' and < '\x7f');

    /// <summary>As browsers write it: nothing behind the authority, not even a slash.</summary>
    private static bool IsOrigin(string? origin) => origin is "*" or "null"
        || (Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri) && uri.Host.Length > 0 && uri.UserInfo.Length == 0
            && origin.IndexOf('/', origin.IndexOf("://", StringComparison.Ordinal) + 3) < 0 && !origin.AsSpan().ContainsAny('?', '#', ' '));
}
