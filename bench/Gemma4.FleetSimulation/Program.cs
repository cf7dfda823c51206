using System.Globalization;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Gemma4.Engine.Simulation;
using Gemma4.FleetSimulation;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args is [] or ["--help" or "-h"])
{
    Console.WriteLine(FleetOptions.Usage);
    return 0;
}
FleetOptions options;
SimulatedServers simulated;
try
{
    options = FleetOptions.Parse(args);
    simulated = new SimulatedServers(options);
}
catch (Exception e) when (e is FormatException or InvalidOperationException or Gemma4.Engine.Configuration.CheckpointException)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
Console.WriteLine($"dotnet run -c Release --project bench/Gemma4.FleetSimulation -- {string.Join(' ', args)}");
ModelWork work = simulated.Cost.Model;
Console.WriteLine($"{work.NumWeights / 1e9:0.00} billion weights, {work.NumWeights * work.BitsPerWeight / 8e9:0.0} GB; KV cache of {simulated.CacheTokens} tokens");
if (options.Verb == "steps")
    Steps();
else
    Fleets();
return 0;

void Steps()
{
    Console.WriteLine($"decode, 1 sequence   {1 / Seconds(1, 256, 1):0.0} tokens/s");
    Console.WriteLine($"decode, 8 sequences  {8 / Seconds(8, 256, 1):0.0} tokens/s");
    Console.WriteLine($"prompt of 256        {256 / Seconds(1, 0, 256):0.0} tokens/s");
    Console.WriteLine($"prompt of 512        {512 / Seconds(1, 0, 512):0.0} tokens/s");
    Console.WriteLine("| clients | output tokens/s | first token p50 / p99 | between tokens p50 / p99 |\n|---:|---:|---:|---:|");
    foreach (int clients in options.Clients)
    {
        ClientLoadResult result = new ClientLoad(clients, options.PromptTokens, options.OutputTokens, RequestsPerClient: 4).Run(simulated.Create());
        Console.WriteLine($"| {clients} | {result.OutputTokensPerSecond:0.0} | {Text(result.FirstToken.P50)} / {Text(result.FirstToken.P99)} | {Text(result.TokenInterval.P50)} / {Text(result.TokenInterval.P99)} |");
    }
}

double Seconds(int sequences, int first, int count)
{
    var request = new GenerationRequest { Id = "r", PromptTokenIds = [.. new int[first + count]], Sampling = new SamplingParams() };
    var sequence = new Sequence(new SequenceId(0), request, 0, 0);
    return simulated.Cost.Of(new StepPlan([.. Enumerable.Repeat(new ScheduledSequence(sequence, first, count, [], Samples: true), sequences)])).TotalSeconds;
}

void Fleets()
{
    Console.WriteLine("| servers | conversations/s and server | routing | turns | first token p50 / p95 / p99 | between tokens p50 / p99 | found in caches | tokens/s and server | refused | preempted |");
    Console.WriteLine("|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|");
    foreach (int servers in options.Servers)
    {
        foreach (double load in options.Load)
        {
            foreach (string routing in servers == 1 ? ["one server"] : options.Routing)
            {
                var clock = System.Diagnostics.Stopwatch.StartNew();
                var traffic = new Traffic(load * servers, TimeSpan.FromSeconds(options.Seconds), options.Seed);
                var fleet = new Fleet([.. Enumerable.Range(0, servers).Select(_ => simulated.Create())], Create(routing, servers));
                FleetResult r = fleet.Run(traffic, TimeSpan.FromSeconds(options.Seconds / 3.0));
                Console.WriteLine(
                    $"| {servers} | {load} | {routing} | {r.NumTurns} | {Text(r.FirstToken.P50)} / {Text(r.FirstToken.P95)} / {Text(r.FirstToken.P99)} | {Text(r.Interval.P50)} / {Text(r.Interval.P99)} | "
                    + $"{r.HitRate:0.00} | {r.TokensPerSecond:0} | {r.NumRefused} | {r.NumPreemptions} |");
                Console.Error.WriteLine($"({clock.Elapsed.TotalSeconds:0.0} s)");
            }
        }
    }
}

Router Create(string routing, int servers)
{
    var table = new PrefixTable(servers, (int)Math.Max(1, simulated.CacheTokens / PrefixTable.BlockSize));
    return routing switch
    {
        "conversation" => new ConversationRouter(),
        "load" => new PickingRouter(table, new PickerWeights(Queue: 2, Active: 2, Kv: 2, Prefix: 0), options.Seed),
        "prefix" => new PickingRouter(table, new PickerWeights(Queue: 2, Active: 0, Kv: 2, Prefix: 3), options.Seed),
        "prefix-load" => new PickingRouter(table, new PickerWeights(Queue: 2, Active: 2, Kv: 2, Prefix: 3), options.Seed),
        _ => new RandomRouter(options.Seed),
    };
}

static string Text(TimeSpan time) => time.TotalSeconds >= 10 ? $"{time.TotalSeconds:0} s" : time.TotalSeconds >= 1 ? $"{time.TotalSeconds:0.0} s" : $"{time.TotalMilliseconds:0} ms";
