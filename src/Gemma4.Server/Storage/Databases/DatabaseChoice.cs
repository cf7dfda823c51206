using Gemma4.Server.Settings;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Gemma4.Server.Storage.Databases;

/// <summary>Which database the settings name.</summary>
internal static class DatabaseChoice
{
    /// <summary>The database; not opened yet.</summary>
    /// <exception cref="OptionsException">A connection string that is none, or no place is named and the user has no home.</exception>
    public static Database Of(IServiceProvider provider) => Of(
        provider.GetRequiredService<IOptions<StorageOptions>>().Value, provider.GetRequiredService<StorageHealth>(), provider.GetRequiredService<ILogger<Database>>());

    /// <summary>The same, of these settings.</summary>
    /// <exception cref="OptionsException">A connection string that is none, or no place is named and the user has no home.</exception>
    public static Database Of(StorageOptions options, StorageHealth health, ILogger log)
    {
        if (options.IsMemory)
            return new SqliteDatabase(null, options.MaxQueued, health, log);
        if (options.Data is not { } data)
            return new SqliteDatabase(StateFolder(Environment.GetEnvironmentVariable), options.MaxQueued, health, log);
        if (!IsConnectionString(data))
            return new SqliteDatabase(Path.GetFullPath(data), options.MaxQueued, health, log);
        try
        {
            return new PostgresDatabase(data, options.MaxQueued, health, log);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            throw new OptionsException($"Storage:Data is no PostgreSQL connection string: {exception.Message} Write it as in Host=db;Database=gemma4;Username=gemma4.");
        }
    }

    /// <summary>Whether a value of <c>Storage:Data</c> names a PostgreSQL database, and not a folder.</summary>
    public static bool IsConnectionString(string data) => data.Contains('=') && data[0] is not ('/' or '.' or '~') && !Directory.Exists(data);

    /// <summary>Whether a connection string holds a password.</summary>
    public static bool HasPassword(string data)
    {
        try
        {
            return IsConnectionString(data) && new NpgsqlConnectionStringBuilder(data).Password is not null;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            return false; // refused where it is used
        }
    }

    /// <summary>Where the XDG base directory specification has programs keep what they are to find again.</summary>
    /// <exception cref="OptionsException">The user has no home.</exception>
    public static string StateFolder(Func<string, string?> variable)
    {
        // The specification has relative paths ignored.
        if (variable("XDG_STATE_HOME") is { Length: > 0 } state && Path.IsPathRooted(state))
            return Path.Combine(state, "gemma4");
        string home = variable("HOME") is { Length: > 0 } given ? given : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return home.Length > 0
            ? Path.Combine(home, ".local", "state", "gemma4")
            : throw new OptionsException("This user has no home folder to keep anything in. Name a folder with --data, or --data memory to keep nothing.");
    }
}
