using System.Net;
using Gemma4.Server.Hub;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gemma4.Server.Tests.Hub;

/// <summary>What goes wrong between here and a hub, and on the disk: what is fetched is right or nothing, and the message says what to do.</summary>
public sealed class ModelHubFaultTests : IDisposable
{
    private const int WeightBytes = 50_000;

    private readonly HubCacheFolder _cache = new();

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 12)];

    /// <summary>Breaks connections, lies about lengths and parts, answers errors, changes bytes: at random, in each answer.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Whatever_breaks_the_result_is_the_exact_bytes_or_a_clear_error(int seed)
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(40_000 + (seed * 1111), seed));
        var faults = new RandomFaults(hub, seed);
        hub.Interfere = faults.InterfereAsync;
        int failed = 0;
        for (bool isDone = false; !isDone && failed < 10; failed++)
        {
            try
            {
                await _cache.PullAsync(hub);
                isDone = true;
            }
            catch (HubException exception)
            {
                Assert.InRange(exception.Message.Length, 40, 1000);
                Assert.DoesNotContain('\n', exception.Message);
            }
            _cache.AssertNothingWrong(hub);
        }
        Assert.True(faults.Count > 0);
        hub.Interfere = (_, _) => Task.FromResult(false);
        LocalModel model = await _cache.PullAsync(hub);
        Assert.Equal(4, Directory.GetFiles(model.Path).Length);
        _cache.AssertNothingWrong(hub);
    }

    [Fact]
    public async Task After_a_break_only_what_is_missing_is_fetched()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(WeightBytes));
        string weights = "/" + hub.HashOf("model.safetensors");
        HubLimits one = HubCacheFolder.Limits with { ParallelRanges = 1 };
        hub.Interfere = (context, isStorage) => Task.FromResult(isStorage && context.Request.Path == weights && LoopbackHub.PartOf(context, WeightBytes).From >= 5 * 4096 && Abort(context));
        Assert.Contains("start again to go on", await _cache.FailureAsync(hub, limits: one), StringComparison.Ordinal);
        hub.Interfere = (_, _) => Task.FromResult(false);
        hub.Requests.Clear();
        await _cache.PullAsync(hub, limits: one);
        string?[] fetched = [.. hub.Requests.Where(r => r.IsStorage).Select(r => r.Range)];
        Assert.Equal("bytes=20480-24575", fetched[0]);
        Assert.Equal(((WeightBytes + 4095) / 4096) - 5, fetched.Length);
        Assert.Equal(_cache.Reported.Total, _cache.Reported.Bytes);
        _cache.AssertNothingWrong(hub);
    }

    [Fact]
    public async Task A_range_that_breaks_goes_on_where_it_broke()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(8192));
        int breaks = 0;
        hub.Interfere = async (context, isStorage) =>
        {
            if (!isStorage || LoopbackHub.PartOf(context, 0).From != 4096 || Interlocked.Increment(ref breaks) > 1)
                return false;
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = "bytes 4096-8191/8192";
            context.Response.ContentLength = 4096;
            await context.Response.Body.WriteAsync(hub.Stored(context)!.AsMemory(4096, 1000));
            await context.Response.Body.FlushAsync();
            await Task.Delay(100); // what is sent arrives before the end of the connection does
            return Abort(context);
        };
        await _cache.PullAsync(hub);
        Assert.Contains(hub.Requests, r => r.Range == "bytes=5096-8191");
        _cache.AssertNothingWrong(hub);
    }

    [Fact]
    public async Task Wrong_bytes_are_found_by_their_hash_and_discarded()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(WeightBytes));
        hub.Interfere = async (context, isStorage) =>
        {
            if (!isStorage || context.Request.Path != "/" + hub.HashOf("model.safetensors"))
                return false;
            byte[] wrong = [.. hub.Stored(context)!];
            wrong[30_000] ^= 1;
            await LoopbackHub.SendAsync(context, wrong);
            return true;
        };
        string message = await _cache.FailureAsync(hub);
        Assert.Contains("The bytes of model.safetensors are not those", message, StringComparison.Ordinal);
        Assert.Contains("discarded", message, StringComparison.Ordinal);
        Assert.DoesNotContain(_cache.Files("blobs"), file => file.Contains(hub.HashOf("model.safetensors"), StringComparison.Ordinal));
        Assert.Empty(_cache.Files("refs"));
        Assert.Null(_cache.Hub(hub).Cache.Find(HubCacheFolder.Name));
        hub.Interfere = (_, _) => Task.FromResult(false);
        await _cache.PullAsync(hub);
        _cache.AssertNothingWrong(hub);
    }

    [Fact]
    public async Task A_server_that_knows_no_ranges_sends_whole_files()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(WeightBytes));
        hub.Interfere = (context, _) =>
        {
            context.Request.Headers.Remove("Range");
            return Task.FromResult(false);
        };
        await _cache.PullAsync(hub);
        _cache.AssertNothingWrong(hub);
        Assert.Equal(_cache.Reported.Total, _cache.Reported.Bytes);
    }

    [Fact]
    public async Task Two_at_once_fetch_once()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(WeightBytes));
        // Nobody gets weights before the other waits for them.
        hub.Interfere = async (context, isStorage) =>
        {
            for (int i = 0; isStorage && _cache.Notes.IsEmpty && i < 2000; i++)
                await Task.Delay(5, context.RequestAborted);
            return false;
        };
        LocalModel[] models = await Task.WhenAll(_cache.PullAsync(hub), _cache.PullAsync(hub));
        Assert.Equal(models[0], models[1]);
        Assert.Equal((WeightBytes + 4095) / 4096, hub.Requests.Count(r => r.IsStorage && r.Path.Contains(hub.HashOf("model.safetensors"), StringComparison.Ordinal)));
        Assert.Contains(_cache.Notes, note => note.Contains("Another process is fetching", StringComparison.Ordinal));
        _cache.AssertNothingWrong(hub);
    }

    [Fact]
    public async Task A_connection_that_says_nothing_is_given_up_and_tried_again()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(WeightBytes));
        int silent = 0;
        hub.Interfere = async (context, isStorage) =>
        {
            if (isStorage && Interlocked.Increment(ref silent) == 1)
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            return false;
        };
        await _cache.PullAsync(hub, limits: HubCacheFolder.Limits with { Stall = TimeSpan.FromSeconds(2) });
        Assert.Contains(_cache.Notes, note => note.Contains("sent nothing for 2 s", StringComparison.Ordinal));
        _cache.AssertNothingWrong(hub);
    }

    [Theory]
    [InlineData("X-Linked-Size", "1", "with the size")]
    [InlineData("X-Linked-Etag", "\"0000\"", "with the hash")]
    [InlineData("X-Repo-Commit", "0000", "with the commit")]
    public async Task A_hub_that_contradicts_its_list_is_refused(string header, string value, string message)
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(WeightBytes));
        hub.Interfere = (context, isStorage) =>
        {
            if (!isStorage && context.Request.Path.Value!.Contains("/resolve/", StringComparison.Ordinal))
            {
                context.Response.OnStarting(() =>
                {
                    context.Response.Headers[header] = value;
                    return Task.CompletedTask;
                });
            }
            return Task.FromResult(false);
        };
        Assert.Contains(message, await _cache.FailureAsync(hub), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_part_that_was_not_asked_for_is_refused()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(WeightBytes));
        hub.Interfere = async (context, isStorage) =>
        {
            if (!isStorage || context.Request.Headers.Range.Count == 0)
                return false;
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = $"bytes 1-4096/{WeightBytes}";
            await context.Response.Body.WriteAsync(new byte[4096]);
            return true;
        };
        Assert.Contains("were asked for", await _cache.FailureAsync(hub), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_does_not_fit_is_refused_before_it_is_fetched()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(WeightBytes));
        _cache.FreeBytes = 20_000;
        string message = await _cache.FailureAsync(hub);
        Assert.Contains("needs 53.2 kB more on disk", message, StringComparison.Ordinal);
        Assert.Contains("20.0 kB free", message, StringComparison.Ordinal);
        Assert.Contains("HF_HOME", message, StringComparison.Ordinal);
        Assert.DoesNotContain(hub.Requests, r => r.IsStorage);
    }

    [Fact]
    public async Task A_disk_that_fills_up_is_named_and_what_came_is_kept()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "/dev/full is Linux's");
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(WeightBytes));
        string blobs = Path.Combine(_cache.Repository, "blobs");
        Directory.CreateDirectory(blobs);
        File.CreateSymbolicLink(BlobDownload.IncompleteOf(Path.Combine(blobs, hub.HashOf("model.safetensors"))), "/dev/full");
        string message = await _cache.FailureAsync(hub);
        Assert.Contains("is full", message, StringComparison.Ordinal);
        Assert.Contains("HF_HOME", message, StringComparison.Ordinal);
        _cache.AssertNothingWrong(hub);
    }

    [Fact]
    public async Task A_hub_that_is_not_there_is_named_with_what_to_check()
    {
        LoopbackHub gone = await LoopbackHub.StartAsync([]);
        HubSettings settings = _cache.Settings(gone);
        await gone.DisposeAsync();
        string message = await _cache.FailureAsync(gone, settings: settings);
        Assert.Contains("could not be reached", message, StringComparison.Ordinal);
        Assert.Contains("HTTPS_PROXY", message, StringComparison.Ordinal);
        Assert.Contains("HF_HUB_OFFLINE", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_busy_hub_is_left_alone_for_as_long_as_it_says()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(WeightBytes));
        int busy = 0;
        hub.Interfere = async (context, _) =>
        {
            if (Interlocked.Increment(ref busy) > 2)
                return false;
            context.Response.Headers["RateLimit"] = "\"api\";r=0;t=4000";
            return await LoopbackHub.RefuseAsync(context, HttpStatusCode.TooManyRequests, null, "Too many");
        };
        await _cache.PullAsync(hub, limits: HubCacheFolder.Limits with { MaxPause = TimeSpan.FromMilliseconds(30) });
        Assert.Contains(_cache.Notes, note => note.Contains("429: Too many", StringComparison.Ordinal));
        _cache.AssertNothingWrong(hub);
    }

    public void Dispose() => _cache.Dispose();

    private static bool Abort(HttpContext context)
    {
        context.Abort();
        return true;
    }
}
