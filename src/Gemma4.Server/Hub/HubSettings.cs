using System.Text.RegularExpressions;

namespace Gemma4.Server.Hub;

/// <summary>Which hub, who asks, and where its files lie: the same environment variables that huggingface_hub reads, so that both share one cache and one token.</summary>
/// <remarks>huggingface_hub, <c>constants.py</c> and <c>utils/_auth.py</c>.</remarks>
internal sealed partial record HubSettings
{
    /// <summary>The hub that everybody means.</summary>
    public static readonly Uri PublicHub = new("https://huggingface.co");

    /// <summary>The hub, <c>HF_ENDPOINT</c>.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Who asks, <c>HF_TOKEN</c> or the file that <c>hf auth login</c> writes; null for nobody, and where <c>HF_HUB_DISABLE_IMPLICIT_TOKEN</c> says so.</summary>
    public string? Token { get; init; }

    /// <summary>Where models lie, <c>HF_HUB_CACHE</c> or <c>hub</c> below <c>HF_HOME</c>.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>Never ask the hub, <c>HF_HUB_OFFLINE</c>.</summary>
    public bool IsOffline { get; init; }

    /// <summary>Snapshots are made of symbolic links; of files where <c>HF_HUB_DISABLE_SYMLINKS</c> says so.</summary>
    public bool UsesLinks { get; init; } = true;

    /// <summary>Where the token was looked for, for messages.</summary>
    public required string TokenFile { get; init; }

    /// <summary>Reads the environment.</summary>
    /// <param name="variable">The value of a variable; null where it is not set.</param>
    /// <param name="home">The user's home folder.</param>
    /// <exception cref="HubException">A variable cannot be used; named.</exception>
    public static HubSettings Read(Func<string, string?> variable, string home)
    {
        string Folder(string name, string otherwise) => Value(variable, name) is { } folder
            ? Path.GetFullPath(Expand(folder == "~" || folder.StartsWith("~/", StringComparison.Ordinal) ? home + folder[1..] : folder, variable))
            : otherwise;
        string hubHome = Folder("HF_HOME", Path.Combine(Folder("XDG_CACHE_HOME", Path.Combine(home, ".cache")), "huggingface"));
        string tokenFile = Folder("HF_TOKEN_PATH", Path.Combine(hubHome, "token"));
        return new HubSettings
        {
            Endpoint = ReadEndpoint(Value(variable, "HF_ENDPOINT")),
            Token = IsTrue(Value(variable, "HF_HUB_DISABLE_IMPLICIT_TOKEN")) ? null : ReadToken(Value(variable, "HF_TOKEN") ?? Value(variable, "HUGGING_FACE_HUB_TOKEN"), tokenFile),
            TokenFile = tokenFile,
            CacheFolder = Folder("HF_HUB_CACHE", Folder("HUGGINGFACE_HUB_CACHE", Path.Combine(hubHome, "hub"))),
            IsOffline = IsTrue(Value(variable, "HF_HUB_OFFLINE") ?? Value(variable, "TRANSFORMERS_OFFLINE")),
            UsesLinks = !IsTrue(Value(variable, "HF_HUB_DISABLE_SYMLINKS")),
        };
    }

    /// <summary>Reads this process's environment.</summary>
    /// <exception cref="HubException">A variable cannot be used; named.</exception>
    public static HubSettings Read() => Read(Environment.GetEnvironmentVariable, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));

    private static string? Value(Func<string, string?> variable, string name) => variable(name)?.Trim() is { Length: > 0 } value ? value : null;

    /// <summary>Puts values in the place of <c>$NAME</c> and <c>${NAME}</c>, as where no shell did; what is not set stays.</summary>
    private static string Expand(string path, Func<string, string?> variable) =>
        Reference().Replace(path, match => variable(match.Groups[1].Success ? match.Groups[1].Value : match.Groups[2].Value) ?? match.Value);

    [GeneratedRegex(@"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")]
    private static partial Regex Reference();

    private static bool IsTrue(string? value) => value?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";

    private static Uri ReadEndpoint(string? value)
    {
        if (value is null)
            return PublicHub;
        return Uri.TryCreate(value.TrimEnd('/'), UriKind.Absolute, out Uri? endpoint) && (endpoint.Scheme == Uri.UriSchemeHttps || endpoint.Scheme == Uri.UriSchemeHttp)
            && endpoint.UserInfo.Length == 0 && endpoint.Query.Length == 0 && endpoint.Fragment.Length == 0
            ? endpoint
            : throw new HubException($"HF_ENDPOINT is '{value}', which is not the address of a hub: write it as in {PublicHub.AbsoluteUri.TrimEnd('/')}, or unset it.");
    }

    private static string? ReadToken(string? fromEnvironment, string file)
    {
        string? token = fromEnvironment;
        try
        {
            token ??= File.Exists(file) ? File.ReadLines(file).FirstOrDefault()?.Trim() : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HubException($"The token in {file} cannot be read: {exception.Message} Make it readable, or set HF_TOKEN.");
        }
        if (string.IsNullOrEmpty(token))
            return null;
        return token.All(c => c is > ' ' and < '\x7f')
            ? token
            : throw new HubException($"The token of {(fromEnvironment is null ? file : "HF_TOKEN")} holds characters that no token has: copy it again from {PublicHub}settings/tokens.");
    }
}
