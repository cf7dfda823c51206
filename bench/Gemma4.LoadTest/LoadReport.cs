namespace Gemma4.LoadTest;

/// <summary>Percentiles in milliseconds.</summary>
/// <param name="P50">Median.</param>
/// <param name="P95">95th percentile.</param>
/// <param name="P99">99th percentile.</param>
internal sealed record Percentiles(double P50, double P95, double P99)
{
    public static Percentiles Of(IEnumerable<TimeSpan> times)
    {
        double[] sorted = [.. times.Select(t => t.TotalMilliseconds).Order()];
        return new Percentiles(At(sorted, 0.50), At(sorted, 0.95), At(sorted, 0.99));
    }

    /// <summary>Nearest rank.</summary>
    private static double At(double[] sorted, double q) =>
        sorted.Length == 0 ? 0 : sorted[Math.Clamp((int)Math.Ceiling(q * sorted.Length) - 1, 0, sorted.Length - 1)];
}

/// <summary>What one number of clients saw.</summary>
/// <param name="Clients">Concurrent clients.</param>
/// <param name="Requests">Sent.</param>
/// <param name="Errors">Not answered completely.</param>
/// <param name="Altered">Answers that differ from the answer alone; null when not checked.</param>
/// <param name="Seconds">From the first sending to the last answer.</param>
/// <param name="OutputTokensPerSecond">Over all clients.</param>
/// <param name="PromptTokensPerSecond">Over all clients.</param>
/// <param name="FirstTokenMs">Time to the first token.</param>
/// <param name="BetweenTokensMs">Time between deltas.</param>
/// <param name="FirstError">An example.</param>
internal sealed record LoadReport(
    int Clients, int Requests, int Errors, int? Altered, double Seconds, double OutputTokensPerSecond, double PromptTokensPerSecond,
    Percentiles FirstTokenMs, Percentiles BetweenTokensMs, string? FirstError)
{
    public const string Header =
        "clients  requests  errors  altered   out tok/s    in tok/s    first token p50/p95/p99 ms    between p50/p95/p99 ms";

    public static LoadReport From(int clients, TimeSpan elapsed, IReadOnlyList<RequestResult> results, int? altered)
    {
        RequestResult[] good = [.. results.Where(r => r.Error is null)];
        return new LoadReport(
            clients, results.Count, results.Count - good.Length, altered, elapsed.TotalSeconds,
            good.Sum(r => r.OutputTokens) / elapsed.TotalSeconds, good.Sum(r => r.PromptTokens) / elapsed.TotalSeconds,
            Percentiles.Of(good.Select(r => r.FirstToken)), Percentiles.Of(good.SelectMany(r => r.Gaps)),
            results.FirstOrDefault(r => r.Error is not null)?.Error);
    }

    public override string ToString() =>
        $"{Clients,7}  {Requests,8}  {Errors,6}  {Altered?.ToString() ?? "-",7}  {OutputTokensPerSecond,10:F1}  {PromptTokensPerSecond,10:F1}    "
        + $"{FirstTokenMs.P50,8:F1} {FirstTokenMs.P95,8:F1} {FirstTokenMs.P99,8:F1}    "
        + $"{BetweenTokensMs.P50,7:F1} {BetweenTokensMs.P95,7:F1} {BetweenTokensMs.P99,7:F1}"
        + (FirstError is null ? "" : $"\n         first error: {FirstError}");
}
