using System.Diagnostics;
using System.Text;

namespace Gemma4.Server.Tests.Attacks;

/// <summary>Another user, whose answers stream all the while: measures how long nothing comes.</summary>
internal sealed class Bystander : IAsyncDisposable
{
    /// <summary>Words only, so that every token is a piece of the stream.</summary>
    private static readonly string Fields =
        $",\"stream\":true,\"ignore_eos\":true,\"max_tokens\":4000,\"seed\":1,\"temperature\":2,\"allowed_token_ids\":[{string.Join(',', Words())}]";

    private readonly HttpClient _client;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private readonly Task _reading;
    private long _last = Stopwatch.GetTimestamp();
    private TimeSpan _longest;
    private int _numTicks;

    /// <param name="url">The server.</param>
    public Bystander(Uri url)
    {
        _client = new HttpClient { BaseAddress = url, Timeout = Timeout.InfiniteTimeSpan };
        _reading = Task.Run(ReadAsync);
    }

    /// <summary>Waits until its tokens flow: the first requests of a process compile code.</summary>
    public async Task WarmAsync(CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref _numTicks) < 200)
        {
            if (_reading.IsFaulted)
                await _reading;
            await Task.Delay(20, cancellationToken);
        }
    }

    /// <summary>Longest gap between two tokens while something goes on.</summary>
    public async Task<TimeSpan> LongestGapAsync(Func<Task> during)
    {
        lock (_lock)
            _longest = TimeSpan.Zero;
        await during();
        if (_reading.IsFaulted)
            await _reading;
        lock (_lock)
            return Max(_longest, Stopwatch.GetElapsedTime(_last));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _client.Dispose();
        _stopping.Dispose();
    }

    private async Task ReadAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, TextRequests.Path("chat"))
            {
                Content = new StringContent(TextRequests.Body("chat", Fields), Encoding.UTF8, "application/json"),
            };
            using HttpResponseMessage response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _stopping.Token);
            response.EnsureSuccessStatusCode();
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(_stopping.Token));
            while (await reader.ReadLineAsync(_stopping.Token) is { } line)
            {
                if (line.StartsWith("data: {\"error\"", StringComparison.Ordinal))
                    throw new InvalidOperationException($"the bystander's answer failed: {line}");
                if (line.Length > 0)
                    Tick();
            }
        }
    }

    private void Tick()
    {
        long now = Stopwatch.GetTimestamp();
        lock (_lock)
        {
            _longest = Max(_longest, Stopwatch.GetElapsedTime(_last, now));
            _last = now;
            _numTicks++;
        }
    }

    private static IEnumerable<int> Words() => Enumerable.Range(0, ServerUnderTest.Tokenizer.VocabularySize)
        .Where(id => ServerUnderTest.Tokenizer.Decode([id]) is { Length: > 4 } text && text[0] == ' ' && text.Skip(1).All(char.IsAsciiLetterLower)).Take(300);

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
