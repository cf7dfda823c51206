using Gemma4.Server.Access;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Storage;
using Xunit;

namespace Gemma4.Server.Tests.Storage;

/// <summary>What must be in a database by what its writers have said (<c>Gemma4.StorageWriter</c>): all that is done, and of what was only begun all or nothing.</summary>
internal sealed class WriterModel
{
    private readonly Dictionary<string, string> _kept = [];
    private readonly Dictionary<string, string> _promised = [];
    private readonly Dictionary<string, HashSet<string>> _conversations = [];
    private readonly Dictionary<string, string> _ownerOfConversation = [];
    private readonly Dictionary<string, string> _ended = [];
    private readonly HashSet<string> _unsure = [];

    /// <summary>How many things were done.</summary>
    public int NumDone { get; private set; }

    /// <summary>Takes what one writer said until it was killed.</summary>
    public void Read(IEnumerable<string> lines)
    {
        string[] begun = [];
        foreach (string[] words in lines.Select(line => line.Split(' ')))
        {
            if (words[0] == "done")
            {
                Apply(begun);
                begun = [];
            }
            else
            {
                Doubt(begun);
                begun = words;
            }
        }
        Doubt(begun);
    }

    /// <summary>Compares.</summary>
    public async Task CheckAsync(TestStorage storage, CancellationToken cancellationToken)
    {
        foreach ((string id, string owner) in _kept.Concat(_promised).Where(pair => !_unsure.Contains(pair.Key)))
        {
            ResponseProgress? found = await storage.Of(owner).ProgressAsync(id, cancellationToken);
            Assert.True(found is not null, $"{id} of {owner} was kept and is lost");
            Assert.Null(await storage.Of("another").FindAsync(id, cancellationToken));
            if (_ended.TryGetValue(id, out string? signature))
                Assert.Equal((id, signature, false), (id, found.Response.User, found.IsRunning));
            else if (_promised.ContainsKey(id))
                Assert.True(found.IsRunning || found.Response.Status == "completed", $"{id} was promised and nobody will make it");
            Assert.Equal(found.IsRunning ? 0 : 1, found.Response.Output.Length);
        }
        foreach ((string id, HashSet<string> items) in _conversations.Where(pair => !_unsure.Contains(pair.Key)))
        {
            EarlierItems? found = await storage.Conversations.EarlierAsync(new Caller(_ownerOfConversation[id]), id, cancellationToken);
            Assert.True(found is not null, $"{id} was kept and is lost");
            string[] ids = [.. found.Items.Select(item => item.Id!)];
            Assert.Equal(ids.Length, ids.Distinct().Count());
            Assert.All(items, item => Assert.True(ids.Contains(item + "a") && ids.Contains(item + "b"), $"{item} was added to {id} and is lost"));
            Assert.Equal(ids.Count(item => item.EndsWith('a')), ids.Count(item => item.EndsWith('b')));
        }
        await CheckSumsAsync(storage);
    }

    /// <summary>What is counted is what is there, and nothing hangs on nothing.</summary>
    private static async Task CheckSumsAsync(TestStorage storage)
    {
        foreach (string wrong in (string[])
        [
            "SELECT COUNT(*) FROM holdings h WHERE h.entries <> (SELECT COUNT(*) FROM entries e WHERE e.owner = h.owner AND e.hidden = 0)",
            """
            SELECT COUNT(*) FROM holdings h WHERE h.bytes <> COALESCE((SELECT SUM(e.bytes) FROM entries e WHERE e.owner = h.owner), 0)
                + COALESCE((SELECT SUM(b.bytes) FROM blobs b WHERE b.owner = h.owner), 0)
            """,
            "SELECT COUNT(*) FROM blobs b WHERE NOT EXISTS (SELECT 1 FROM blob_uses u WHERE u.blob = b.key)",
            "SELECT COUNT(*) FROM blobs b WHERE b.bytes <> (SELECT SUM(length(p.content)) FROM blob_parts p WHERE p.blob = b.key)",
            "SELECT COUNT(*) FROM entries e WHERE e.hidden = 1 AND NOT EXISTS (SELECT 1 FROM entries c WHERE c.parent = e.key)",
            "SELECT COUNT(*) FROM entries e JOIN entries p ON p.key = e.parent WHERE p.owner <> e.owner",
        ])
            Assert.Equal((wrong, 0), (wrong, await storage.NumberAsync(wrong)));
    }

    private void Apply(string[] words)
    {
        if (words.Length == 0)
            return;
        NumDone++;
        switch (words[0])
        {
            case "keep":
                _kept[words[2]] = words[1];
                break;
            case "remove":
                Assert.True(_kept.Remove(words[2]) || _unsure.Contains(words[2]));
                break;
            case "promise":
                _promised[words[2]] = words[1];
                break;
            case "end":
                Assert.False(_ended.ContainsKey(words[2]) && _ended[words[2]] != words[3], $"{words[2]} was answered twice");
                _ended[words[2]] = words[3];
                break;
            case "begin":
                _conversations[words[2]] = [];
                _ownerOfConversation[words[2]] = words[1];
                break;
            case "add":
                _conversations[words[2]].Add(words[3]);
                break;
        }
    }

    /// <summary>What was begun when the writer died is there or not; an end that was not told is whose it is.</summary>
    private void Doubt(string[] words)
    {
        if (words is ["keep" or "remove" or "promise" or "begin", ..])
            _unsure.Add(words[2]);
    }
}
