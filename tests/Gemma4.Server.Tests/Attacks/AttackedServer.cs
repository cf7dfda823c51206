using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using Gemma4.Testing;
using Gemma4.Testing.Attacks;
using Xunit;

namespace Gemma4.Server.Tests.Attacks;

/// <summary>The server as a process of its own with the demo model and a bystander; it is started again when an attack has ended it.</summary>
public sealed class AttackedServer : IAttackTarget, IAsyncLifetime
{
    /// <summary>Where results of all rows go, if anywhere: a line each, tab-separated.</summary>
    private static readonly string? Report = Environment.GetEnvironmentVariable("GEMMA4_ATTACKS_REPORT");

    /// <summary>Media may come from the web, so that the guard of private addresses is attacked too; memory of the KV cache is small and fixed.</summary>
    private static readonly string[] Switches =
    [
        "--port", "0", "--model", RepositoryPaths.DemoModel, "--kv-cache-bytes", "100000000", "--max-context", "8192", "--allow-media-urls",
        "--Server:DrainSeconds", "0", "--Serilog:MinimumLevel:Default", "Information",
    ];

    private static readonly TimeSpan MaxQuietTime = TimeSpan.FromSeconds(3);

    private readonly Queue<TimeSpan> _quietGaps = [];
    private HttpClient _client = new();
    private ServerProcess? _process;
    private Bystander? _bystander;

    /// <summary>Where it listens.</summary>
    public Uri Url { get; private set; } = new("http://localhost");

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_bystander is not null)
            await _bystander.DisposeAsync();
        if (_process is not null)
            await _process.DisposeAsync();
        _client.Dispose();
    }

    /// <summary>Sends a POST and reads the whole answer.</summary>
    async Task<RawAnswer> IAttackTarget.PostAsync(string path, byte[] body, string contentType, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        using HttpResponseMessage response = await _client.PostAsync(path, content, cancellationToken);
        return new RawAnswer(
            (int)response.StatusCode, response.Headers.ToString(), await response.Content.ReadAsStringAsync(cancellationToken), IsWhole: true, WasReset: false);
    }

    /// <summary>Runs a row and measures it.</summary>
    internal async Task<AttackResult> RunAsync(Attack attack, CancellationToken cancellationToken)
    {
        await StartAsync();
        await MeasureQuietAsync(TimeSpan.FromMilliseconds(100), cancellationToken);
        long before = _process!.ResidentBytes, peak = before;
        RawAnswer? answer = null;
        var clock = Stopwatch.StartNew();
        TimeSpan gap = await _bystander!.LongestGapAsync(async () =>
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(attack.MaxTime);
            Task<RawAnswer> sending = attack.SendAsync(this, limit.Token);
            while (await Task.WhenAny(sending, Task.Delay(20, cancellationToken)) != sending)
                peak = Math.Max(peak, _process.ResidentBytes);
            answer = await sending;
        });
        var result = new AttackResult(answer!, clock.Elapsed, gap, _quietGaps.Max(), Math.Max(peak, _process.ResidentBytes) - before);
        if (Report is not null)
            await File.AppendAllTextAsync(Report, Line(attack, result), cancellationToken);
        return result;
    }

    /// <summary>Whether it still serves; what it wrote last if not.</summary>
    internal async Task AssertServesAsync(CancellationToken cancellationToken)
    {
        using HttpResponseMessage health = await _client.GetAsync("/health", cancellationToken);
        Assert.True(health.IsSuccessStatusCode, await health.Content.ReadAsStringAsync(cancellationToken));
        Assert.DoesNotContain(_process!.Lines, l => l.Contains(" ERR ", StringComparison.Ordinal) || l.Contains(" FTL ", StringComparison.Ordinal));
    }

    /// <summary>The longest gap of late without an attack is what the machine's other work makes of it.</summary>
    internal async Task MeasureQuietAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        TimeSpan bounded = time > MaxQuietTime ? MaxQuietTime : time;
        _quietGaps.Enqueue(await _bystander!.LongestGapAsync(() => Task.Delay(bounded, cancellationToken)));
        if (_quietGaps.Count > 10)
            _quietGaps.Dequeue();
    }

    private async Task StartAsync()
    {
        if (_process is { HasEnded: false } && _process.Lines.All(l => !l.Contains(" ERR ", StringComparison.Ordinal)))
            return;
        await DisposeAsync();
        _process = new ServerProcess(Switches);
        Url = await _process.ReadyAsync();
        _client = new HttpClient { BaseAddress = Url, Timeout = Timeout.InfiniteTimeSpan };
        _bystander = new Bystander(Url);
        _quietGaps.Clear();
        await _bystander.WarmAsync(TestContext.Current.CancellationToken);
        await MeasureQuietAsync(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
    }

    private static string Line(Attack attack, AttackResult result) => string.Create(
        CultureInfo.InvariantCulture,
        $"{attack.Name}\t{result.Answer.Status}\t{result.Time.TotalMilliseconds:0}\t{result.Gap.TotalMilliseconds:0}\t{result.QuietGap.TotalMilliseconds:0}\t{result.MemoryBytes >> 20}\t{result.Answer.Body[..Math.Min(240, result.Answer.Body.Length)].ReplaceLineEndings(" ")}\n");
}

/// <summary>What an attack did.</summary>
/// <param name="Answer">What came back.</param>
/// <param name="Time">How long it took.</param>
/// <param name="Gap">The bystander's longest gap meanwhile.</param>
/// <param name="QuietGap">Its longest gap of late without an attack.</param>
/// <param name="MemoryBytes">Growth of resident memory meanwhile.</param>
internal sealed record AttackResult(RawAnswer Answer, TimeSpan Time, TimeSpan Gap, TimeSpan QuietGap, long MemoryBytes);
