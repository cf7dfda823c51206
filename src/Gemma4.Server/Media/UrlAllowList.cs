namespace Gemma4.Server.Media;

/// <summary>Matches URLs against hosts, domains and prefixes.</summary>
internal static class UrlAllowList
{
    /// <summary>Whether an entry can be understood.</summary>
    public static bool IsValid(string entry) =>
        entry.Contains("://", StringComparison.Ordinal)
            ? Uri.TryCreate(entry, UriKind.Absolute, out Uri? prefix) && IsWeb(prefix) && prefix.Query.Length == 0 && prefix.UserInfo.Length == 0
            : Uri.CheckHostName(entry.StartsWith("*.", StringComparison.Ordinal) ? entry[2..] : entry) != UriHostNameType.Unknown;

    /// <summary>Whether one of the entries covers the URL.</summary>
    public static bool Matches(IEnumerable<string> entries, Uri url) => entries.Any(e => Matches(e, url));

    /// <summary>http or https.</summary>
    public static bool IsWeb(Uri url) => url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps;

    private static bool Matches(string entry, Uri url)
    {
        if (!entry.Contains("://", StringComparison.Ordinal))
        {
            return entry.StartsWith("*.", StringComparison.Ordinal)
                ? url.IdnHost.EndsWith(entry[1..], StringComparison.OrdinalIgnoreCase)
                : url.IdnHost.Equals(entry.Trim('[', ']'), StringComparison.OrdinalIgnoreCase);
        }
        var prefix = new Uri(entry);
        return url.Scheme == prefix.Scheme && url.Port == prefix.Port
            && url.IdnHost.Equals(prefix.IdnHost, StringComparison.OrdinalIgnoreCase)
            && IsBelow(url.AbsolutePath, prefix.AbsolutePath);
    }

    /// <summary>Whole segments only: <c>/public</c> covers <c>/public/a</c> and not <c>/publications</c>. A path with an escaped dot, slash
    /// or backslash may mean another folder to the server than it does here, so that it is below nothing but the root.</summary>
    private static bool IsBelow(string path, string folder)
    {
        if (folder == "/")
            return true;
        bool ambiguous = path.Contains("%2e", StringComparison.OrdinalIgnoreCase) || path.Contains("%2f", StringComparison.OrdinalIgnoreCase)
            || path.Contains("%5c", StringComparison.OrdinalIgnoreCase) || path.Contains('\\', StringComparison.Ordinal);
        return !ambiguous && path.StartsWith(folder, StringComparison.Ordinal)
            && (path.Length == folder.Length || folder.EndsWith('/') || path[folder.Length] == '/');
    }
}
