using System.Globalization;
using Gemma4.Engine;
using Gemma4.Server.Media;
using Xunit;

namespace Gemma4.Server.Tests.Media;

public sealed class DecodeThreadsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Work_runs_on_as_many_threads_as_there_are_and_no_more()
    {
        using var threads = new DecodeThreads(2, int.MaxValue);
        using var together = new Barrier(2);
        int running = 0, most = 0;
        var names = new HashSet<string?>();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => threads.RunAsync(
            () =>
            {
                lock (names)
                {
                    names.Add(Thread.CurrentThread.Name);
                    most = Math.Max(most, ++running);
                }
                Assert.True(together.SignalAndWait(Patience)); // two at once, or this never ends
                lock (names)
                    running--;
                return i;
            },
            TestContext.Current.CancellationToken)));
        Assert.Equal(2, most);
        Assert.Equal(["decode 0", "decode 1"], names.Order());
    }

    [Fact]
    public async Task Result_and_fault_reach_the_caller_and_the_thread_goes_on()
    {
        using var threads = new DecodeThreads(1, int.MaxValue);
        CancellationToken token = TestContext.Current.CancellationToken;
        await Assert.ThrowsAsync<FormatException>(() => threads.RunAsync<int>(() => throw new FormatException(), token));
        Assert.Equal(7, await threads.RunAsync(() => 7, token));
    }

    [Fact]
    public async Task Caller_who_leaves_while_waiting_is_let_go_and_its_work_is_not_done()
    {
        using var threads = new DecodeThreads(1, int.MaxValue);
        using var gate = new ManualResetEventSlim();
        using var left = new CancellationTokenSource();
        bool done = false;
        Task<bool> first = threads.RunAsync(() => gate.Wait(Patience), TestContext.Current.CancellationToken);
        Task<bool> second = threads.RunAsync(() => done = true, left.Token);
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        gate.Set();
        Assert.True(await first);
        Assert.True(await threads.RunAsync(() => !done, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Answer_goes_on_elsewhere_than_on_the_decoding_thread()
    {
        using var threads = new DecodeThreads(1, int.MaxValue);
        using var gate = new ManualResetEventSlim();
        CancellationToken token = TestContext.Current.CancellationToken;
        Task<string?> after = await Task.Factory.StartNew(
            () => threads.RunAsync(() => gate.Wait(Patience), token)
                .ContinueWith(_ => Thread.CurrentThread.Name, token, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default),
            token,
            TaskCreationOptions.None,
            TaskScheduler.Default);
        gate.Set();
        Assert.NotEqual("decode 0", await after);
    }

    [Fact]
    public async Task On_Linux_the_threads_are_nicer_than_the_others()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "niceness is each thread's own on Linux alone");
        using var threads = new DecodeThreads(1, int.MaxValue);
        int own = OwnNiceness();
        Assert.Equal(Math.Max(own, Niceness.Level), await threads.RunAsync(OwnNiceness, TestContext.Current.CancellationToken));
        Assert.Equal(own, OwnNiceness());
    }

    /// <summary>The 19th field of a thread's <c>stat</c>; the second, a name in brackets, may hold spaces.</summary>
    private static int OwnNiceness()
    {
        string stat = File.ReadAllText("/proc/thread-self/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[16], CultureInfo.InvariantCulture);
    }
}
