using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;

namespace Gemma4.LoadTest.Soak;

/// <summary>The server's file of keys: one stays, the other is exchanged while the server runs.</summary>
internal sealed class SoakKeys : IDisposable
{
    /// <summary>The key that stays.</summary>
    public const string Lasting = "soak-lasting";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20), Pause = TimeSpan.FromMilliseconds(200);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gemma4-soak-");
    private int _number;

    public SoakKeys() => Write();

    /// <summary>The file.</summary>
    public string File => Path.Combine(_folder.FullName, "keys.json");

    /// <summary>The folder in which the server keeps what it is asked to keep.</summary>
    public string Data => Path.Combine(_folder.FullName, "data");

    private string Changing => $"soak-changing-{_number}";

    /// <summary>Puts another key in the place of the changing one, and waits until the server takes it and refuses the old one.</summary>
    /// <returns>How long that took; null where it did not happen in time.</returns>
    public async Task<TimeSpan?> ExchangeAsync(SoakClient client, CancellationToken cancellationToken)
    {
        string old = Changing;
        if (await client.StatusAsync(old, cancellationToken) != HttpStatusCode.OK)
            return null;
        _number++;
        Write();
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < Limit)
        {
            if (await client.StatusAsync(Changing, cancellationToken) == HttpStatusCode.OK && await client.StatusAsync(old, cancellationToken) == HttpStatusCode.Unauthorized)
                return clock.Elapsed;
            await Task.Delay(Pause, cancellationToken);
        }
        return null;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private void Write()
    {
        var keys = new JsonObject
        {
            ["keys"] = new JsonArray(new JsonObject { ["name"] = "lasting", ["key"] = Lasting }, new JsonObject { ["name"] = "changing", ["key"] = Changing }),
        };
        // Moved into its place, so that nobody reads half of it.
        string temporary = File + ".new";
        System.IO.File.WriteAllText(temporary, keys.ToJsonString());
        System.IO.File.Move(temporary, File, overwrite: true);
    }
}
