using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Gemma4.Conformance;

/// <summary>The arguments of <c>conformance</c>.</summary>
internal sealed class ConformanceOptions
{
    private HashSet<string> _excluded = [];
    private Dictionary<string, string> _skipped = [];
    private bool _onlyVerified;

    /// <summary>The file of cases.</summary>
    public required string Cases { get; init; }

    /// <summary>Runs only cases whose name matches.</summary>
    public string? Only { get; private set; }

    /// <summary>Where results go as JSON lines.</summary>
    public string? Out { get; private set; }

    /// <summary>For one answer.</summary>
    public TimeSpan Timeout { get; } = TimeSpan.FromMinutes(5);

    /// <summary>Switches of the server.</summary>
    public IReadOnlyList<string> ServerArgs { get; private set; } = [];

    /// <summary>A file that lies beside the cases.</summary>
    public string Beside(string name) => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(Cases))!, name);

    /// <summary>Why a case is not run; null when it is.</summary>
    public string? SkipReason(JsonElement test)
    {
        if (_skipped.TryGetValue(test.GetProperty("name").GetString()!, out string? reason))
            return reason;
        if (test.TryGetProperty("needs", out JsonElement needs) && needs.ValueKind == JsonValueKind.String && _excluded.Contains(needs.GetString()!))
            return $"needs {needs.GetString()}";
        return _onlyVerified && !test.GetProperty("openai_verified").GetBoolean() ? "not verified" : null;
    }

    public static bool TryParse(
        IReadOnlyList<string> args, [NotNullWhen(true)] out ConformanceOptions? options, [NotNullWhen(false)] out string? fault)
    {
        options = null;
        fault = args.Count == 0 || args[0].StartsWith('-') ? "conformance needs a file of cases." : null;
        if (fault is null && !File.Exists(args[0]))
            fault = $"There is no file '{args[0]}'.";
        if (fault is not null)
            return false;
        var parsed = new ConformanceOptions { Cases = args[0] };
        for (int i = 1; i < args.Count; i++)
        {
            if (args[i] == "--")
            {
                parsed.ServerArgs = [.. args.Skip(i + 1)];
                break;
            }
            if (args[i] == "--verified-only")
                parsed._onlyVerified = true;
            else if (i + 1 == args.Count || !parsed.TrySet(args[i], args[++i]))
                fault = $"'{args[i]}' is not an argument of conformance.";
        }
        options = fault is null ? parsed : null;
        return fault is null;
    }

    private bool TrySet(string name, string value)
    {
        switch (name)
        {
            case "--only":
                Only = value;
                return true;
            case "--out":
                Out = value;
                return true;
            case "--no":
                _excluded = [.. value.Split(',')];
                return true;
            case "--skip":
                _skipped = File.ReadLines(value).Where(l => l.Contains(':') && !l.StartsWith('#'))
                    .Select(l => l.Split(':', 2, StringSplitOptions.TrimEntries)).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
                return true;
            case "--model":
                ServerArgs = ["--model", value];
                return true;
            default:
                return false;
        }
    }
}
