using System.Text;
using Gemma4.Server.Storage.Databases;

namespace Gemma4.Server.Storage;

/// <summary>The long texts of one owner, each kept once, within one read or transaction.</summary>
internal sealed class OwnerBlobs(DatabaseSession session, string owner)
{
    /// <summary>Bytes of a row: SQLite reads and writes a row whole.</summary>
    private const int PartBytes = 1 << 20;

    /// <summary>Hashes that one query asks for.</summary>
    private const int MaxAsked = 100;

    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);

    /// <summary>Adds to what an owner holds.</summary>
    public static async ValueTask CountAsync(DatabaseSession session, string owner, long entries, long bytes) => await session.ExecuteAsync(
        """
        INSERT INTO holdings (owner, entries, bytes) VALUES (@owner, @entries, @bytes)
        ON CONFLICT (owner) DO UPDATE SET entries = holdings.entries + excluded.entries, bytes = holdings.bytes + excluded.bytes
        """,
        ("@owner", owner), ("@entries", entries), ("@bytes", bytes));

    /// <summary>Adds to what an owner's files hold.</summary>
    public static async ValueTask CountFileAsync(DatabaseSession session, string owner, long bytes) => await session.ExecuteAsync(
        """
        INSERT INTO holdings (owner, entries, bytes, file_bytes) VALUES (@owner, 0, 0, @bytes)
        ON CONFLICT (owner) DO UPDATE SET file_bytes = holdings.file_bytes + excluded.file_bytes
        """,
        ("@owner", owner), ("@bytes", bytes));

    /// <summary>Keeps texts as long as an entry lives.</summary>
    public async ValueTask UseAsync(long entry, Dictionary<string, byte[]> texts)
    {
        foreach ((string hash, byte[] content) in texts)
        {
            long blob = await session.NumberAsync("SELECT key FROM blobs WHERE owner = @owner AND of_file = 0 AND hash = @hash", ("@owner", owner), ("@hash", hash))
                ?? await InsertAsync(hash, content);
            await session.ExecuteAsync("INSERT INTO blob_uses (entry, blob) VALUES (@entry, @blob) ON CONFLICT DO NOTHING", ("@entry", entry), ("@blob", blob));
        }
    }

    /// <summary>Forgets those of some texts that no entry uses any more.</summary>
    public async ValueTask RemoveUnusedAsync(IEnumerable<long> blobs)
    {
        foreach (long blob in blobs)
        {
            if (await session.NumberAsync("SELECT entry FROM blob_uses WHERE blob = @blob LIMIT 1", ("@blob", blob)) is not null)
                continue;
            long bytes = await session.NumberAsync("SELECT bytes FROM blobs WHERE owner = @owner AND key = @blob", ("@owner", owner), ("@blob", blob)) ?? 0;
            bool isOfFile = await session.NumberAsync("SELECT of_file FROM blobs WHERE owner = @owner AND key = @blob", ("@owner", owner), ("@blob", blob)) == 1;
            await session.ExecuteAsync("DELETE FROM blobs WHERE owner = @owner AND key = @blob", ("@owner", owner), ("@blob", blob));
            if (isOfFile)
                await CountFileAsync(session, owner, -bytes);
            else
                await CountAsync(session, owner, 0, -bytes);
        }
    }

    /// <summary>Forgets those of an entry's texts that stand in none of its items. Long texts of its body are not looked for: only conversations lose items, and their bodies are short.</summary>
    public async ValueTask UseOnlyAsync(long entry, IEnumerable<byte[]> items)
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (byte[] item in items)
            LongTexts.Find(item, used);
        List<(long Blob, string Hash)> had = await session.QueryAsync(
            "SELECT b.key, b.hash FROM blob_uses u JOIN blobs b ON b.key = u.blob WHERE u.entry = @entry AND b.owner = @owner",
            row => (row.GetInt64(0), row.GetString(1)), ("@entry", entry), ("@owner", owner));
        long[] gone = [.. had.Where(text => !used.Contains(text.Hash)).Select(text => text.Blob)];
        foreach (long blob in gone)
            await session.ExecuteAsync("DELETE FROM blob_uses WHERE entry = @entry AND blob = @blob", ("@entry", entry), ("@blob", blob));
        await RemoveUnusedAsync(gone);
    }

    /// <summary>Reads the texts of some JSON, so that <see cref="JoinAsync"/> need not read them one by one.</summary>
    public async ValueTask FetchAsync(IEnumerable<byte[]> bodies)
    {
        var wanted = new HashSet<string>(StringComparer.Ordinal);
        foreach (byte[] body in bodies)
            LongTexts.Find(body, wanted);
        foreach (string[] some in wanted.Where(hash => !_texts.ContainsKey(hash)).Chunk(MaxAsked))
        {
            List<(string Hash, byte[] Part)> parts = await session.QueryAsync(
                $"""
                SELECT b.hash, p.content FROM blobs b JOIN blob_parts p ON p.blob = b.key
                WHERE b.owner = @owner AND b.of_file = 0 AND b.hash IN ({string.Join(", ", some.Select((_, i) => $"@hash{i}"))}) ORDER BY b.key, p.position
                """,
                row => (row.GetString(0), row.GetFieldValue<byte[]>(1)), [("@owner", owner), .. some.Select((hash, i) => ($"@hash{i}", (object?)hash))]);
            foreach (IGrouping<string, (string Hash, byte[] Part)> text in parts.GroupBy(p => p.Hash, StringComparer.Ordinal))
                _texts[text.Key] = Whole(text.Select(p => p.Part));
        }
    }

    /// <summary>JSON with its long texts.</summary>
    public async ValueTask<byte[]> JoinAsync(byte[] body)
    {
        await FetchAsync([body]);
        return LongTexts.Join(body, _texts);
    }

    private static string Whole(IEnumerable<byte[]> parts)
    {
        using var whole = new MemoryStream();
        foreach (byte[] part in parts)
            whole.Write(part);
        return Encoding.UTF8.GetString(whole.GetBuffer().AsSpan(0, (int)whole.Length));
    }

    private async ValueTask<long> InsertAsync(string hash, byte[] content)
    {
        long blob = (await session.NumberAsync(
            "INSERT INTO blobs (owner, hash, bytes) VALUES (@owner, @hash, @bytes) RETURNING key",
            ("@owner", owner), ("@hash", hash), ("@bytes", content.Length)))!.Value;
        for (int i = 0; i * PartBytes < content.Length; i++)
        {
            await session.ExecuteAsync(
                "INSERT INTO blob_parts (blob, position, content) VALUES (@blob, @position, @content)",
                ("@blob", blob), ("@position", i), ("@content", content[(i * PartBytes)..Math.Min(content.Length, (i + 1) * PartBytes)]));
        }
        await CountAsync(session, owner, 0, content.Length);
        return blob;
    }
}
