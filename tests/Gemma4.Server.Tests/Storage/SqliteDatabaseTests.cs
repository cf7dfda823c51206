using System.Text;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage.Databases;
using Xunit;

namespace Gemma4.Server.Tests.Storage;

/// <summary>What is particular to files.</summary>
public sealed class SqliteDatabaseTests(PostgresServer postgres)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task Folder_and_files_are_their_users_alone()
    {
        await using TestStorage storage = await TestStorage.OpenAsync("sqlite", postgres);
        await storage.Of("me").TryKeepAsync(SampleResponses.Of("a"));
        string folder = storage.Options.Data!;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
        string[] files = Directory.GetFiles(folder);
        Assert.True(files.Length >= 2); // the database and its WAL
        foreach (string file in files)
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task What_is_deleted_is_in_no_file_once_it_was_swept()
    {
        await using TestStorage storage = await TestStorage.OpenAsync("sqlite", postgres);
        string secret = "data:image/png;base64," + string.Concat(Enumerable.Repeat("c2VjcmV0", 20_000));
        Assert.True(await storage.Of("me").TryKeepAsync(SampleResponses.Of("a", secret)));
        Assert.True(await storage.Of("me").TryKeepAsync(SampleResponses.Of("b", "short and secret")));
        Assert.True(Holds(storage, "c2VjcmV0"));
        Assert.True(Holds(storage, "short and secret"));
        await storage.Of("me").RemoveAsync("a", Cancelled);
        await storage.Of("me").RemoveAsync("b", Cancelled);
        await storage.Service.SweepAsync(Cancelled);
        Assert.False(Holds(storage, "c2VjcmV0"));
        Assert.False(Holds(storage, "short and secret"));
    }

    [Fact]
    public async Task A_schema_of_a_newer_program_is_refused()
    {
        await using TestStorage storage = await TestStorage.OpenAsync("sqlite", postgres);
        await storage.Database.WriteAsync("", session => session.ExecuteAsync("UPDATE schema_version SET version = version + 1"), Cancelled);
        string said = (await Assert.ThrowsAsync<OptionsException>(() => storage.AgainAsync())).Message;
        Assert.Contains($"has version {Schema.Version + 1}, and this program knows versions up to {Schema.Version}", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not a database, though it is as long as the head of one: it is no use to anybody at all, and it has a hundred bytes and more")]
    public async Task A_file_that_is_no_database_is_refused_by_name(string content)
    {
        using var folder = new TemporaryFolder();
        folder.Write("gemma4.db", content);
        await using var database = new SqliteDatabase(folder.Path, 10, new Gemma4.Server.Storage.StorageHealth(new Gemma4.Testing.TestMeterFactory(), Microsoft.Extensions.Logging.Abstractions.NullLogger<Gemma4.Server.Storage.StorageHealth>.Instance), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        string said = (await Assert.ThrowsAsync<OptionsException>(() => database.OpenAsync(Cancelled))).Message;
        Assert.Contains(folder["gemma4.db"], said, StringComparison.Ordinal);
    }

    private static bool Holds(TestStorage storage, string text) => Directory.GetFiles(storage.Options.Data!).Any(file =>
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;
    });
}
