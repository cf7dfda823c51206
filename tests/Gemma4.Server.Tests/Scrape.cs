using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Gemma4.Server.Tests;

/// <summary>What <c>/metrics</c> says at one moment.</summary>
internal sealed partial class Scrape
{
    private readonly Dictionary<string, double> _series = [];

    private Scrape(string text)
    {
        Text = text;
        foreach (Match line in Line().Matches(text))
            _series.Add(line.Groups[1].Value.Replace("{}", ""), double.Parse(line.Groups[2].Value, CultureInfo.InvariantCulture));
        foreach (Match type in Type().Matches(text))
            Types.Add(type.Groups[1].Value, type.Groups[2].Value);
    }

    /// <summary>The text.</summary>
    public string Text { get; }

    /// <summary>All series, with their labels, in order.</summary>
    public IReadOnlyList<string> Series => [.. _series.Keys];

    /// <summary>The type of each metric by its name.</summary>
    public Dictionary<string, string> Types { get; } = [];

    /// <summary>Asks a server.</summary>
    public static async Task<Scrape> OfAsync(HttpClient client)
    {
        using HttpResponseMessage response = await client.GetAsync("/metrics", TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        return new Scrape(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>The value of a series, 0 where there is none.</summary>
    public double this[string series] => _series.GetValueOrDefault(series);

    /// <summary>The sum over all series of a metric that have these labels.</summary>
    public double Sum(string name, params string[] labels) => _series
        .Where(s => (s.Key == name || s.Key.StartsWith(name + "{", StringComparison.Ordinal)) && labels.All(l => s.Key.Contains(l, StringComparison.Ordinal)))
        .Sum(s => s.Value);

    [GeneratedRegex(@"^([a-z][^\n]*?) ([-+0-9.eE]+|NaN|[+-]Inf)$", RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex(@"^# TYPE (\S+) (\S+)$", RegexOptions.Multiline)]
    private static partial Regex Type();
}
