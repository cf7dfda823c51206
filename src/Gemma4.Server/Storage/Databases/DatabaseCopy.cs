using System.Data.Common;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Storage.Databases;

/// <summary>Copies all that one database keeps to an empty one, of the same kind or another.</summary>
internal static class DatabaseCopy
{
    /// <summary>The owner that the copy runs under; no caller is called so.</summary>
    private const string Owner = "copy";

    /// <summary>Keys of one transaction. A content's parts are of 1 MiB, so those go by themselves.</summary>
    private const int KeysAtOnce = 64, PartsAtOnce = 16;

    /// <summary>Tables with the number that their rows are read by, those that others refer to first.</summary>
    private static readonly (string Table, string Key, string[] Columns)[] Tables =
    [
        ("entries", "key", ["key", "owner", "kind", "id", "created", "used", "expires", "model", "parent", "parent_until", "hidden", "bytes", "body"]),
        ("items", "entry", ["entry", "position", "role", "id", "body"]),
        ("blobs", "key", ["key", "owner", "of_file", "hash", "bytes"]),
        ("blob_uses", "entry", ["entry", "blob"]),
        ("tags", "entry", ["entry", "tag"]),
        ("jobs", "entry", ["entry", "kind", "model", "queued", "attempts", "lease", "leased_until", "cancelled", "request"]),
        ("events", "entry", ["entry", "first", "count", "body"]),
    ];

    private static readonly string[] PartColumns = ["blob", "position", "content"], HoldingColumns = ["owner", "entries", "bytes", "file_bytes"];

    /// <summary>Copies. Nobody else may use either meanwhile.</summary>
    /// <returns>The rows that were copied.</returns>
    /// <exception cref="OptionsException">The target keeps something already.</exception>
    /// <exception cref="StorageException">One of them does not answer; the target is not to be used then.</exception>
    public static async Task<long> RunAsync(Database source, Database target, CancellationToken cancellationToken)
    {
        if (await target.ReadAsync(session => session.NumberAsync("SELECT COUNT(*) FROM entries"), cancellationToken) > 0)
            throw new OptionsException($"{target.Name} keeps something already. Copy to a database that is empty.");
        long numRows = 0;
        foreach ((string table, string key, string[] columns) in Tables)
        {
            long end = await LastAsync(source, table, key, cancellationToken);
            for (long first = 0; first <= end; first += KeysAtOnce)
                numRows += await CopyAsync(source, target, table, columns, $"{key} >= {first} AND {key} < {first + KeysAtOnce}", cancellationToken);
        }
        long lastBlob = await LastAsync(source, "blobs", "key", cancellationToken);
        for (long blob = 0; blob <= lastBlob; blob++)
        {
            long copied = 0;
            for (long part = 0; part == 0 || copied > 0; part += PartsAtOnce)
                numRows += copied = await CopyAsync(source, target, "blob_parts", PartColumns, $"blob = {blob} AND position >= {part} AND position < {part + PartsAtOnce}", cancellationToken);
        }
        numRows += await CopyAsync(source, target, "holdings", HoldingColumns, "1 = 1", cancellationToken);
        await target.SetKeysAsync(cancellationToken);
        return numRows;
    }

    private static async Task<long> LastAsync(Database source, string table, string key, CancellationToken cancellationToken) =>
        await source.ReadAsync(session => session.NumberAsync($"SELECT MAX({key}) FROM {table}"), cancellationToken) ?? -1;

    private static async Task<long> CopyAsync(Database source, Database target, string table, string[] columns, string where, CancellationToken cancellationToken)
    {
        List<object?[]> rows = await source.ReadAsync(
            session => session.QueryAsync($"SELECT {string.Join(", ", columns)} FROM {table} WHERE {where} ORDER BY 1", Values, []), cancellationToken);
        if (rows.Count == 0)
            return 0;
        string insert = $"INSERT INTO {table} ({string.Join(", ", columns)}) VALUES ({string.Join(", ", columns.Select(column => "@" + column))})";
        return await target.WriteAsync(
            Owner,
            async session =>
            {
                foreach (object?[] row in rows)
                    await session.ExecuteAsync(insert, [.. columns.Zip(row, (column, value) => ("@" + column, value))]);
                return (long)rows.Count;
            },
            cancellationToken);

        object?[] Values(DbDataReader row) => [.. Enumerable.Range(0, columns.Length).Select(i => row.IsDBNull(i) ? null : row.GetValue(i))];
    }
}
