using System.Text.Json;
using Gemma4.LoadTest;
using Gemma4.LoadTest.Soak;

if (args is ["--help" or "-h"])
{
    Console.WriteLine(LoadOptions.Usage);
    return 0;
}
LoadOptions options;
try
{
    options = LoadOptions.Parse(args);
}
catch (FormatException e)
{
    Console.Error.WriteLine($"{e.Message}\n\n{LoadOptions.Usage}");
    return 2;
}

if (options.SoakSeconds > 0)
{
    using var soak = new SoakRun(options, Console.Out);
    return await soak.RunAsync(CancellationToken.None) ? 0 : 1;
}

using var client = new StreamingClient(options);
using var bound = new CancellationTokenSource(options.MaxDuration);
if (options.PrefixWords > 0)
    return await PrefixRun.RunAsync(options, client, Console.Out, bound.Token) ? 0 : 1;

Console.WriteLine($"dotnet run -c Release --project bench/Gemma4.LoadTest -- {string.Join(' ', args)}");
RequestResult warmUp = await client.SendAsync(new LoadRequest("Say hi.", 8), bound.Token);
if (warmUp.Error is not null)
{
    Console.Error.WriteLine($"{options.Base} does not answer: {warmUp.Error}");
    return 1;
}
if (!await client.TryHoldToWordsAsync(bound.Token))
    Console.WriteLine("(no /tokenize there: tokens that are no text lengthen the gaps between deltas)");
if (options.ImageBudgets.Count > 0)
    return await ImageRun.FirstTokensAsync(options, client, Console.Out, bound.Token) ? 0 : 1;
if (options.Images > 0)
    return await ImageRun.BesideTextAsync(options, client, Console.Out, bound.Token) ? 0 : 1;
if (options.VideoSeconds > 0)
    return await VideoRun.RunAsync(options, client, Console.Out, bound.Token) ? 0 : 1;
if (options.BatchLines > 0)
    return await BatchRun.RunAsync(options, client, Console.Out, bound.Token) ? 0 : 1;

Console.WriteLine(LoadReport.Header);
var reports = new List<LoadReport>();
foreach (int clients in options.Clients)
{
    reports.Add(await LoadRun.RunAsync(options, client, clients, bound.Token));
    Console.WriteLine(reports[^1]);
}
if (options.JsonFile is not null)
    await File.WriteAllTextAsync(options.JsonFile, JsonSerializer.Serialize(reports, JsonSerializerOptions.Web));
return reports.All(r => r.Errors == 0 && r.Altered is null or 0) ? 0 : 1;
