using System.Diagnostics;
using System.Globalization;

namespace Gemma4.LoadTest.Soak;

/// <summary>A real server at twice its capacity for a while: every API, images, sounds, tools, schemas, long prompts, clients that leave and stall, the attack table, keys exchanged, and
/// in the middle SIGTERM and a new start. Every accepted request must end in a valid answer or a clear error, greedy answers must be those given alone, and the process must stay as large as it was.</summary>
internal sealed class SoakRun(LoadOptions options, TextWriter output) : IDisposable
{
    /// <summary>Clients with one request each at a time: as many as fill the server's steps and some that wait.</summary>
    private const int CalibrationClients = 40;

    private const int MaxInFlight = 1500, NumAttackers = 2;

    /// <summary>What an idle server may hold beyond what it held before the load: assemblies that were needed since, connections of the database's readers.</summary>
    private const int MaxIdleThreads = 24, MaxIdleFiles = 32, MaxIdleSockets = 24;

    private static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(1), LastAnswers = TimeSpan.FromMinutes(3), Calm = TimeSpan.FromSeconds(30);

    private readonly Uri _url = SoakServer.FreeAddress();
    private readonly SoakKeys _keys = new();
    private readonly Interruptions _interruptions = new();
    private readonly SoakLedger _ledger = new();
    private readonly IReadOnlyList<SoakQuestion> _questions = SoakQuestions.All(options.Seed);
    private int _inFlight, _numSkipped;

    /// <summary>Runs it and prints what happened.</summary>
    /// <returns>Whether all went as it should.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        var time = TimeSpan.FromSeconds(options.SoakSeconds);
        SoakServer server = await SoakServer.StartAsync(options.Server!, _url, _keys, cancellationToken);
        SoakLife[] lives = [new(), new()];
        try
        {
            SoakSample before = await AskAloneAsync(server, cancellationToken);
            double capacity = await MeasureAsync(time / 12, cancellationToken);
            await PrintAsync($"{options.SoakSeconds} s at twice the capacity of {capacity:0.0} requests/s, {Environment.ProcessorCount} processors, seed {options.Seed}");

            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task sampling = SampleAsync(() => server, () => lives[_interruptions.HasEnded ? 1 : 0], ending.Token);
            using var attacks = new SoakAttacks(_url, SoakKeys.Lasting, _interruptions);
            Task[] attackers = [.. Enumerable.Range(0, NumAttackers).Select(i => attacks.RunAsync(Workload.Mix(options.Seed, ~i), _ledger.Add, ending.Token))];
            Task arrivals = ArriveAsync(2 * capacity, time, cancellationToken);
            using (var prober = new SoakClient(_url, SoakKeys.Lasting, _interruptions))
            {
                await Task.Delay(time * 0.2, cancellationToken);
                await ExchangeKeysAsync(prober, cancellationToken);
                await Task.Delay(time * 0.1, cancellationToken);
                server = await RestartAsync(server, cancellationToken);
                await Task.Delay(time * 0.15, cancellationToken);
                await ExchangeKeysAsync(prober, cancellationToken);
            }
            await arrivals;
            await ending.CancelAsync();
            await Task.WhenAll([sampling, .. attackers]);

            await AskAloneAsync(server, cancellationToken);
            await CheckCalmAsync(server, before, cancellationToken);
            foreach ((int index, SoakLife life) in lives.Index())
            {
                await PrintAsync($"life {index + 1}: {life}");
                foreach (string growth in life.Growth())
                    _ledger.AddFault($"life {index + 1}: {growth}");
            }
            foreach (string line in server.Faults)
                _ledger.AddFault($"log: {line}");
            if (await server.StopAsync(cancellationToken) is not 0 and var code)
                _ledger.AddFault($"the server ended with {code}");
        }
        finally
        {
            await server.DisposeAsync();
        }
        await PrintAsync($"not sent, since {MaxInFlight} were under way: {_numSkipped}");
        await output.WriteAsync(_ledger.ToString());
        return _ledger.IsClean && _ledger.NumEqual > 0;
    }

    public void Dispose() => _keys.Dispose();

    /// <summary>Asks every question by itself, whole and streamed: what is answered is what must be answered beside others.</summary>
    /// <returns>What the server takes then.</returns>
    private async Task<SoakSample> AskAloneAsync(SoakServer server, CancellationToken cancellationToken)
    {
        using (var client = new SoakClient(_url, SoakKeys.Lasting, _interruptions))
        {
            foreach (SoakQuestion question in _questions)
            {
                SoakResult whole = await client.AskAsync(question, stream: false, cancellationToken);
                if (whole.End != SoakEnd.Answered)
                    throw new InvalidOperationException($"Alone, {question.Kind} ended as {whole.End}: {whole.Detail}");
                _ledger.Add(whole);
                question.Alone ??= whole.Detail;
                if (question.CanStream)
                    _ledger.Add(await client.AskAsync(question, stream: true, cancellationToken));
            }
        }
        return server.Sample();
    }

    /// <summary>Answers a second where clients wait for each other.</summary>
    private async Task<double> MeasureAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        using var client = new SoakClient(_url, SoakKeys.Lasting, _interruptions);
        long began = Stopwatch.GetTimestamp();
        int before = _ledger.NumAnswered, next = 0;
        await Task.WhenAll(Enumerable.Range(0, CalibrationClients).Select(async _ =>
        {
            while (Stopwatch.GetElapsedTime(began) < time)
            {
                int index = Interlocked.Increment(ref next);
                _ledger.Add(await client.AskAsync(_questions[index % _questions.Count], index % 2 == 0 && _questions[index % _questions.Count].CanStream, cancellationToken));
            }
        }));
        return (_ledger.NumAnswered - before) / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>Sends requests at a rate, whatever becomes of those before, and waits for the last.</summary>
    private async Task ArriveAsync(double rate, TimeSpan time, CancellationToken cancellationToken)
    {
        using var client = new SoakClient(_url, SoakKeys.Lasting, _interruptions);
        var random = new Random(options.Seed);
        var running = new List<Task>();
        long began = Stopwatch.GetTimestamp();
        TimeSpan due = TimeSpan.Zero;
        while (due < time)
        {
            due += TimeSpan.FromSeconds(-Math.Log(1 - random.NextDouble()) / rate);
            if (due - Stopwatch.GetElapsedTime(began) is { Ticks: > 0 } wait)
                await Task.Delay(wait, cancellationToken);
            double kind = random.NextDouble();
            int number = random.Next();
            if (Volatile.Read(ref _inFlight) >= MaxInFlight)
            {
                _numSkipped++;
                continue;
            }
            Interlocked.Increment(ref _inFlight);
            running.Add(Task.Run(() => SendAsync(client, kind, number, cancellationToken), cancellationToken));
            if (running.Count > MaxInFlight)
                running.RemoveAll(task => task.IsCompletedSuccessfully);
        }
        await Task.WhenAll(running).WaitAsync(LastAnswers, cancellationToken);
    }

    private async Task SendAsync(SoakClient client, double kind, int number, CancellationToken cancellationToken)
    {
        SoakQuestion question = kind < 0.03 ? SoakQuestions.FreshImage(number & 0xFFFFFF) : _questions[number % _questions.Count];
        SoakResult result = kind switch
        {
            > 0.96 => await client.StallAsync(TimeSpan.FromSeconds(2 + number % 20), cancellationToken),
            > 0.88 => await client.VanishAsync(number % 40, cancellationToken),
            _ => await client.AskAsync(question, number % 3 != 0 && question.CanStream, cancellationToken),
        };
        _ledger.Add(result);
        Interlocked.Decrement(ref _inFlight);
    }

    private async Task ExchangeKeysAsync(SoakClient client, CancellationToken cancellationToken)
    {
        if (await _keys.ExchangeAsync(client, cancellationToken) is { } took)
            await PrintAsync($"keys exchanged: the new one let in and the old one refused after {took.TotalSeconds:0.0} s");
        else
            _ledger.AddFault("a key that was exchanged in the file was not exchanged by the server in 20 s");
    }

    private async Task<SoakServer> RestartAsync(SoakServer server, CancellationToken cancellationToken)
    {
        _interruptions.Begin();
        var clock = Stopwatch.StartNew();
        int code = await server.StopAsync(cancellationToken);
        TimeSpan drained = clock.Elapsed;
        if (code != 0)
            _ledger.AddFault($"told to stop, the server ended with {code}");
        foreach (string line in server.Faults)
            _ledger.AddFault($"log: {line}");
        await server.DisposeAsync();
        SoakServer next = await SoakServer.StartAsync(options.Server!, _url, _keys, cancellationToken);
        _interruptions.End();
        await PrintAsync($"drained in {drained.TotalSeconds:0.0} s (at most {SoakServer.DrainSeconds} for answers), exit code {code}; served again {(clock.Elapsed - drained).TotalSeconds:0.0} s later");
        return next;
    }

    private static async Task SampleAsync(Func<SoakServer> server, Func<SoakLife> life, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                life().Add(server().Sample());
            }
            catch (Exception e) when (e is IOException or InvalidOperationException or UnauthorizedAccessException)
            {
                // Between two lives there is no process to look at.
            }
            await Task.Delay(SampleInterval, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>When all have gone, connections and threads go too.</summary>
    private async Task CheckCalmAsync(SoakServer server, SoakSample before, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        SoakSample now = server.Sample();
        while ((now.Threads > before.Threads + MaxIdleThreads || now.Files > before.Files + MaxIdleFiles || now.Sockets > before.Sockets + MaxIdleSockets) && Stopwatch.GetElapsedTime(began) < Calm)
        {
            await Task.Delay(SampleInterval, cancellationToken);
            now = server.Sample();
        }
        await PrintAsync($"idle before and after: threads {before.Threads} → {now.Threads}, open files {before.Files} → {now.Files}, connections {before.Sockets} → {now.Sockets}, memory {before.MemoryMiB} → {now.MemoryMiB} MiB");
        if (now.Threads > before.Threads + MaxIdleThreads)
            _ledger.AddFault($"{now.Threads} threads are left of an idle server that had {before.Threads}");
        if (now.Files > before.Files + MaxIdleFiles)
            _ledger.AddFault($"{now.Files} open files are left of an idle server that had {before.Files}");
        if (now.Sockets > before.Sockets + MaxIdleSockets)
            _ledger.AddFault($"{now.Sockets} connections are left of an idle server that had {before.Sockets}");
    }

    private Task PrintAsync(FormattableString line) => output.WriteLineAsync(line.ToString(CultureInfo.InvariantCulture));
}
