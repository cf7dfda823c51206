using System.Diagnostics.Metrics;
using Gemma4.Server.Access;
using Gemma4.Server.OpenAI.Conversations;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage;
using Gemma4.Server.Storage.Databases;
using Gemma4.Server.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Gemma4.StorageWriter;

/// <summary>Does random things to a database until it is killed, and says on its standard output, before each, what it is about to do, and after it that
/// it is done: what <c>CrashTests</c> knows then has to be there. Arguments: DATA OWNERS SEED.</summary>
internal static class Writer
{
    private static async Task Main(string[] args)
    {
        string data = args[0];
        int numOwners = int.Parse(args[1], null);
        var random = new Random(int.Parse(args[2], null));
        var options = new StorageOptions { Data = data, LeaseSeconds = 1, WaitMilliseconds = 60_000 };
        using var meters = new Meters();
        var health = new StorageHealth(meters, NullLogger<StorageHealth>.Instance);
        await using Database database = DatabaseChoice.IsConnectionString(data)
            ? new PostgresDatabase(data, options.MaxQueued, health, NullLogger.Instance)
            : new SqliteDatabase(data, options.MaxQueued, health, NullLogger.Instance);
        await database.OpenAsync(CancellationToken.None);
        IOptions<StorageOptions> bound = Options.Create(options);
        var store = new Store(database, health, bound, TimeProvider.System);
        var responses = new ResponseStore(store);
        var conversations = new ConversationStore(store);
        var jobs = new ResponseJobs(store, new Leases(store, database, bound), responses, new FileStore(store, bound));
        string prefix = $"{Environment.ProcessId}x{random.Next()}x";
        var mine = new List<(string Owner, string Id)>();
        var talks = new List<(string Owner, string Id)>();
        Say("ready");
        for (int i = 0; ; i++)
        {
            string owner = $"owner{random.Next(numOwners)}", id = $"r{prefix}{i}";
            var caller = new Caller(owner);
            string text = random.Next(4) == 0 ? $"{id} " + new string((char)('a' + random.Next(3)), 5000 + random.Next(20_000)) : $"text of {id}";
            switch (random.Next(7))
            {
                case 0 or 1:
                    Say($"keep {owner} {id}");
                    if (await responses.TryKeepAsync(caller, SampleResponses.Of(id, text)))
                        Done(id);
                    mine.Add((owner, id));
                    break;
                case 2 when mine.Count > 0:
                    (string whose, string before) = mine[random.Next(mine.Count)];
                    if (await responses.ConversationAsync(new Caller(whose), before, CancellationToken.None) is not { } earlier)
                        break;
                    Say($"keep {whose} {id}");
                    if (await responses.TryKeepAsync(new Caller(whose), SampleResponses.Of(id, text, earlier)))
                        Done(id);
                    mine.Add((whose, id));
                    break;
                case 3 when mine.Count > 0:
                    int at = random.Next(mine.Count);
                    (string holder, string gone) = mine[at];
                    mine.RemoveAt(at);
                    Say($"remove {holder} {gone}");
                    await responses.RemoveAsync(new Caller(holder), gone, CancellationToken.None);
                    Done(gone);
                    break;
                case 4:
                    Say($"promise {owner} {id}");
                    StoredResponse whole = SampleResponses.Of(id, text);
                    ResponseJob job = await jobs.QueueAsync(
                        caller, whole with { Response = whole.Response with { Status = "queued", Background = true, Output = [] } },
                        new ResponseRequest { Model = "m", Background = true }, CancellationToken.None);
                    Done(id);
                    if (random.Next(2) == 0)
                        await EndAsync(job, owner);
                    break;
                case 5:
                    if (await jobs.ClaimAsync(["m"], CancellationToken.None) is { } claimed)
                        await EndAsync(claimed.Job, "?");
                    break;
                default:
                    if (talks.Count == 0)
                    {
                        string talk = $"c{prefix}{i}";
                        Say($"begin {owner} {talk}");
                        await conversations.AddAsync(caller, new Conversation { Id = talk, CreatedAt = 0, Metadata = [] }, [], CancellationToken.None);
                        Done(talk);
                        talks.Add((owner, talk));
                        break;
                    }
                    (string speaker, string conversation) = talks[random.Next(talks.Count)];
                    Say($"add {speaker} {conversation} {id}");
                    await conversations.AppendAsync(new Caller(speaker), conversation, [SampleResponses.Item(id + "a", "user", text), SampleResponses.Item(id + "b", "user", text)], CancellationToken.None);
                    Done(id);
                    break;
            }
        }

        async Task EndAsync(ResponseJob job, string owner)
        {
            // Whoever made it signs it: another signature later would be a second answer.
            string signature = $"{prefix}{random.Next()}";
            Say($"end {owner} {job.Id} {signature}");
            ResponseObject response = SampleResponses.Of(job.Id, "").Response with { Background = true, User = signature };
            if (await job.CompleteAsync(response, 0, [new ResponseStreamEvent { Type = "response.completed" }], CancellationToken.None))
                Done($"{job.Id} {signature}");
        }

        static void Done(string what) => Say($"done {what}");

        static void Say(string line)
        {
            Console.Out.WriteLine(line);
            Console.Out.Flush();
        }
    }
}

/// <summary>Makes meters that nobody reads.</summary>
internal sealed class Meters : IMeterFactory
{
    public Meter Create(MeterOptions options) => new(options);

    public void Dispose()
    {
    }
}
