using System.Reflection;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Storage.Databases;

/// <summary>The tables, as numbered migrations: each runs once, in order, and none is changed once it was released.</summary>
internal static class Schema
{
    private const string Folder = "storage/";

    /// <summary>The migrations' texts in order, numbered from 1.</summary>
    private static readonly string[] Migrations =
    [
        .. Assembly.GetExecutingAssembly().GetManifestResourceNames().Where(name => name.StartsWith(Folder, StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(Read),
    ];

    /// <summary>The version that this program works with.</summary>
    public static int Version => Migrations.Length;

    /// <summary>Brings a database to <see cref="Version"/>. Runs in a transaction that nobody else's runs beside.</summary>
    /// <param name="session">Of the database.</param>
    /// <param name="key">How a column of numbers that it gives itself is declared.</param>
    /// <param name="bytes">How a column of bytes is declared.</param>
    /// <param name="name">What messages call the database.</param>
    /// <param name="log">Is told of migrations.</param>
    /// <exception cref="OptionsException">The database is of a newer program.</exception>
    public static async ValueTask MigrateAsync(DatabaseSession session, string key, string bytes, string name, ILogger log)
    {
        await session.ExecuteAsync("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)");
        long found = await session.NumberAsync("SELECT version FROM schema_version") ?? 0;
        if (found > Version)
        {
            throw new OptionsException($"The schema of {name} has version {found}, and this program knows versions up to {Version}: a newer gemma4 has used it. "
                + "Start that one, or name another place with --data.");
        }
        if (found == Version)
            return;
        if (found > 0)
            log.Migrating(name, found, Version);
        foreach (string migration in Migrations.Skip((int)found))
            await session.ExecuteAsync(migration.Replace("{key}", key, StringComparison.Ordinal).Replace("{bytes}", bytes, StringComparison.Ordinal));
        await session.ExecuteAsync("DELETE FROM schema_version");
        await session.ExecuteAsync("INSERT INTO schema_version (version) VALUES (@version)", ("@version", Version));
    }

    private static string Read(string resource)
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!);
        return reader.ReadToEnd();
    }
}
