using System.Collections.Immutable;
using System.Data.Common;
using Gemma4.Server.Storage.Databases;

namespace Gemma4.Server.Storage;

/// <summary>What one owner keeps, within one read or transaction. Every statement names the owner: another's rows are not there.</summary>
/// <param name="session">The read or transaction.</param>
/// <param name="owner">Whose rows.</param>
/// <param name="now">Milliseconds since 1970: entries that expire before this time are not there.</param>
/// <param name="since">Entries that were last used before this time are not there, files apart.</param>
internal sealed class OwnerRows(DatabaseSession session, string owner, long now, long since)
{
    /// <summary>The kinds that go when they are old or too many, as SQL lists them.</summary>
    public const string Passing = $"'{EntryKinds.Response}', '{EntryKinds.Chat}', '{EntryKinds.Conversation}', '{EntryKinds.Batch}'";

    /// <summary>Neither deleted nor old nor expired.</summary>
    private const string IsThere = $"hidden = 0 AND (used >= @since OR kind NOT IN ({Passing})) AND (expires IS NULL OR expires > @now)";

    /// <summary>The opposite, of what is not hidden.</summary>
    public const string IsGone = $"hidden = 0 AND ((used < @since AND kind IN ({Passing})) OR expires <= @now)";

    /// <summary>A recursive query for an entry and those it goes on from, the nearest first.</summary>
    private const string Chain = """
        WITH RECURSIVE chain (key, parent, parent_until, upto, depth) AS (
            SELECT key, parent, parent_until, CAST(NULL AS BIGINT), 0 FROM entries WHERE owner = @owner AND key = @key
            UNION ALL
            SELECT e.key, e.parent, e.parent_until, c.parent_until, c.depth + 1 FROM chain c JOIN entries e ON e.key = c.parent AND e.owner = @owner)
        """;

    private readonly OwnerBlobs _blobs = new(session, owner);

    /// <summary>The contents of files.</summary>
    public OwnerFiles Files { get; } = new(session, owner);

    /// <summary>The read or transaction, for tables that hang on entries.</summary>
    public DatabaseSession Session => session;

    /// <summary>Keeps an entry.</summary>
    /// <returns>Its number.</returns>
    public async ValueTask<long> InsertAsync(NewEntry entry)
    {
        var texts = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        byte[] body = LongTexts.Split(entry.Body, texts);
        long key = (await session.NumberAsync(
            """
            INSERT INTO entries (owner, kind, id, created, used, expires, model, parent, parent_until, bytes, body)
            VALUES (@owner, @kind, @id, @created, @created, @expires, @model, @parent, @until, @bytes, @body) RETURNING key
            """,
            ("@owner", owner), ("@kind", entry.Kind), ("@id", entry.Id), ("@created", entry.Created), ("@expires", entry.Expires), ("@model", entry.Model), ("@parent", entry.Parent?.Key),
            ("@until", entry.Parent?.Until), ("@bytes", body.Length), ("@body", body)))!.Value;
        await CountAsync(1, body.Length);
        await _blobs.UseAsync(key, texts);
        await AppendAsync(key, 0, entry.Items);
        await TagAsync(key, entry.Tags);
        return key;
    }

    /// <summary>Adds items behind those that an entry has.</summary>
    /// <param name="key">The entry, of this owner.</param>
    /// <param name="first">Position of the first of them.</param>
    /// <param name="items">The items.</param>
    public async ValueTask AppendAsync(long key, long first, ImmutableArray<EntryItem> items)
    {
        var texts = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        long bytes = 0;
        foreach (EntryItem item in items)
        {
            byte[] body = LongTexts.Split(item.Body, texts);
            bytes += body.Length;
            await session.ExecuteAsync(
                "INSERT INTO items (entry, position, role, id, body) VALUES (@key, @position, @role, @id, @body)",
                ("@key", key), ("@position", first++), ("@role", (long)item.Role), ("@id", item.Id), ("@body", body));
        }
        await _blobs.UseAsync(key, texts);
        await GrowAsync(key, bytes);
    }

    /// <summary>Adds items at places of their own, as they are: their long texts stay in them. One whose place is taken is left out.</summary>
    public async ValueTask PutAsync(long key, IEnumerable<EntryItem> items)
    {
        long bytes = 0;
        foreach (EntryItem item in items)
        {
            bytes += item.Body.Length * (long)await session.ExecuteAsync(
                "INSERT INTO items (entry, position, role, body) VALUES (@key, @position, @role, @body) ON CONFLICT DO NOTHING",
                ("@key", key), ("@position", item.Position), ("@role", (long)item.Role), ("@body", item.Body));
        }
        await GrowAsync(key, bytes);
    }

    /// <summary>An entry; null where there is none of that id.</summary>
    public async ValueTask<StoredEntry?> FindAsync(string kind, string id)
    {
        StoredEntry? found = await session.FirstAsync(
            $"SELECT key, id, created, body FROM entries WHERE owner = @owner AND kind = @kind AND id = @id AND {IsThere}",
            Entry, ("@owner", owner), ("@kind", kind), ("@id", id), ("@now", now), ("@since", since));
        return found is null ? null : found with { Body = await _blobs.JoinAsync(found.Body) };
    }

    /// <summary>Whether an entry is still there, be it hidden.</summary>
    public async ValueTask<bool> HasAsync(long key) =>
        await session.NumberAsync("SELECT key FROM entries WHERE owner = @owner AND key = @key", ("@owner", owner), ("@key", key)) is not null;

    /// <summary>Puts another body in the place of an entry's.</summary>
    public async ValueTask ReplaceAsync(long key, byte[] body)
    {
        var texts = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        byte[] kept = LongTexts.Split(body, texts);
        long before = await session.NumberAsync("SELECT length(body) FROM entries WHERE owner = @owner AND key = @key", ("@owner", owner), ("@key", key)) ?? 0;
        await session.ExecuteAsync("UPDATE entries SET body = @body WHERE owner = @owner AND key = @key", ("@owner", owner), ("@key", key), ("@body", kept));
        await _blobs.UseAsync(key, texts);
        await GrowAsync(key, kept.Length - before);
    }

    /// <summary>Says that an entry was used now, from when on its retention counts.</summary>
    public async ValueTask TouchAsync(long key, long now) =>
        await session.ExecuteAsync("UPDATE entries SET used = @now WHERE owner = @owner AND key = @key", ("@owner", owner), ("@key", key), ("@now", now));

    /// <summary>Counts bytes that hang on an entry.</summary>
    public async ValueTask GrowAsync(long key, long bytes)
    {
        if (bytes == 0)
            return;
        await session.ExecuteAsync("UPDATE entries SET bytes = bytes + @bytes WHERE owner = @owner AND key = @key", ("@owner", owner), ("@key", key), ("@bytes", bytes));
        await CountAsync(0, bytes);
    }

    /// <summary>The items of an entry and, before them, those it goes on from.</summary>
    public async ValueTask<ImmutableArray<EntryItem>> ChainAsync(long key) => await JoinedAsync(await session.QueryAsync(
        $"{Chain} SELECT i.role, i.id, i.body, i.position FROM chain c JOIN items i ON i.entry = c.key AND (c.upto IS NULL OR i.position < c.upto) ORDER BY c.depth DESC, i.position",
        Item, ("@owner", owner), ("@key", key)));

    /// <summary>All items of an entry of one role.</summary>
    public async ValueTask<ImmutableArray<EntryItem>> ItemsAsync(long key, ItemRole role) => await JoinedAsync(await session.QueryAsync(
        "SELECT i.role, i.id, i.body, i.position FROM items i JOIN entries e ON e.key = i.entry WHERE e.owner = @owner AND e.key = @key AND i.role = @role ORDER BY i.position",
        Item, ("@owner", owner), ("@key", key), ("@role", (long)role)));

    /// <summary>The position behind an entry's last item.</summary>
    public async ValueTask<long> NextPositionAsync(long key) =>
        await session.NumberAsync("SELECT MAX(position) + 1 FROM items WHERE entry = @key", ("@key", key)) ?? 0;

    /// <summary>A page of an entry's items.</summary>
    /// <param name="key">The entry.</param>
    /// <param name="page">Which page; null where the item that it comes after is not there.</param>
    /// <param name="role">Only those of this role; null for all.</param>
    public async ValueTask<StoredPage<EntryItem>> ItemPageAsync(long key, PageRequest page, ItemRole? role)
    {
        long after = page.IsAscending ? -1 : long.MaxValue;
        if (page.After is { } id)
        {
            long? place = await session.NumberAsync(
                "SELECT i.position FROM items i JOIN entries e ON e.key = i.entry WHERE e.owner = @owner AND e.key = @key AND i.id = @id ORDER BY i.position",
                ("@owner", owner), ("@key", key), ("@id", id));
            if (place is null)
                return new StoredPage<EntryItem>([], false);
            after = place.Value;
        }
        ImmutableArray<EntryItem> items = await JoinedAsync(await session.QueryAsync(
            $"""
            SELECT i.role, i.id, i.body, i.position FROM items i JOIN entries e ON e.key = i.entry
            WHERE e.owner = @owner AND e.key = @key AND i.position {(page.IsAscending ? ">" : "<")} @after {(role is null ? "" : "AND i.role = @role")}
            ORDER BY i.position {(page.IsAscending ? "ASC" : "DESC")} LIMIT @limit
            """,
            Item, [("@owner", owner), ("@key", key), ("@after", after), ("@limit", page.Limit + 1), .. role is null ? [] : new (string, object?)[] { ("@role", (long)role) }]));
        return new StoredPage<EntryItem>([.. items.Take(page.Limit)], items.Length > page.Limit);
    }

    /// <summary>The item of this id in an entry; null when there is none.</summary>
    public async ValueTask<EntryItem?> FindItemOfAsync(long key, string id)
    {
        EntryItem? found = await session.FirstAsync(
            """
            SELECT i.role, i.id, i.body, i.position FROM items i JOIN entries e ON e.key = i.entry
            WHERE e.owner = @owner AND e.key = @key AND i.id = @id ORDER BY i.position LIMIT 1
            """,
            Item, ("@owner", owner), ("@key", key), ("@id", id));
        return found is null ? null : (await JoinedAsync([found]))[0];
    }

    /// <summary>Forgets the item of this id in an entry, and the long texts that only it had.</summary>
    /// <returns>False when there is none.</returns>
    public async ValueTask<bool> RemoveItemAsync(long key, string id)
    {
        if (await FindItemOfAsync(key, id) is not { } item)
            return false;
        long bytes = await session.NumberAsync("SELECT length(body) FROM items WHERE entry = @key AND position = @position", ("@key", key), ("@position", item.Position)) ?? 0;
        await session.ExecuteAsync("DELETE FROM items WHERE entry = @key AND position = @position", ("@key", key), ("@position", item.Position));
        await GrowAsync(key, -bytes);
        List<byte[]> left = await session.QueryAsync("SELECT body FROM items WHERE entry = @key", row => row.GetFieldValue<byte[]>(0), ("@key", key));
        await _blobs.UseOnlyAsync(key, left);
        return true;
    }

    /// <summary>What an entry is found by from now on.</summary>
    public async ValueTask TagAsync(long key, ImmutableArray<string> tags)
    {
        await session.ExecuteAsync("DELETE FROM tags WHERE entry = @key", ("@key", key));
        foreach (string tag in tags.Distinct(StringComparer.Ordinal))
            await session.ExecuteAsync("INSERT INTO tags (entry, tag) VALUES (@key, @tag)", ("@key", key), ("@tag", tag));
    }

    /// <summary>The oldest item of this id among those of responses and conversations; null when there is none.</summary>
    public async ValueTask<EntryItem?> FindItemAsync(string id)
    {
        EntryItem? found = await session.FirstAsync(
            $"""
            SELECT i.role, i.id, i.body, i.position FROM items i JOIN entries e ON e.key = i.entry
            WHERE i.id = @id AND i.role > 0 AND e.owner = @owner AND e.kind IN ('response', 'conversation') AND {IsThere} ORDER BY e.key LIMIT 1
            """,
            Item, ("@id", id), ("@owner", owner), ("@now", now), ("@since", since));
        return found is null ? null : (await JoinedAsync([found]))[0];
    }

    /// <summary>A page of the entries of a kind, by their time.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="page">Which page.</param>
    /// <param name="model">Only those of this model; null for all.</param>
    /// <param name="tags">Only those with all of these.</param>
    public async ValueTask<StoredPage<StoredEntry>> ListAsync(string kind, PageRequest page, string? model, ImmutableArray<string> tags)
    {
        string tagged = string.Concat(tags.Select((_, i) => $" AND EXISTS (SELECT 1 FROM tags t WHERE t.entry = e.key AND t.tag = @tag{i})"));
        string after = page.After is null ? "" : $"""
             AND (e.created, e.key) {(page.IsAscending ? ">" : "<")} (SELECT a.created, a.key FROM entries a WHERE a.owner = @owner AND a.kind = @kind AND a.id = @after)
            """;
        string direction = page.IsAscending ? "ASC" : "DESC";
        List<StoredEntry> found = await session.QueryAsync(
            $"""
            SELECT e.key, e.id, e.created, e.body FROM entries e
            WHERE e.owner = @owner AND e.kind = @kind AND {IsThere}{(model is null ? "" : " AND e.model = @model")}{tagged}{after}
            ORDER BY e.created {direction}, e.key {direction} LIMIT @limit
            """,
            Entry,
            [
                ("@owner", owner), ("@kind", kind), ("@now", now), ("@since", since), ("@limit", page.Limit + 1),
                .. model is null ? [] : new (string, object?)[] { ("@model", model) },
                .. page.After is null ? [] : new (string, object?)[] { ("@after", page.After) },
                .. tags.Select((tag, i) => ($"@tag{i}", (object?)tag)),
            ]);
        var entries = ImmutableArray.CreateBuilder<StoredEntry>();
        foreach (StoredEntry entry in found.Take(page.Limit))
            entries.Add(entry with { Body = await _blobs.JoinAsync(entry.Body) });
        return new StoredPage<StoredEntry>(entries.ToImmutable(), found.Count > page.Limit);
    }

    /// <summary>Forgets an entry. What another goes on from stays as part of that one, and goes with it.</summary>
    /// <returns>False when there is none of that id.</returns>
    public async ValueTask<bool> DeleteAsync(string kind, string id)
    {
        long? key = await session.NumberAsync(
            $"SELECT key FROM entries WHERE owner = @owner AND kind = @kind AND id = @id AND {IsThere}",
            ("@owner", owner), ("@kind", kind), ("@id", id), ("@now", now), ("@since", since));
        if (key is null)
            return false;
        await ForgetAsync(key.Value);
        return true;
    }

    /// <summary>Forgets an entry, as <see cref="DeleteAsync"/> does.</summary>
    public async ValueTask ForgetAsync(long key)
    {
        if (await HasChildrenAsync(key))
        {
            await ReplaceAsync(key, []);
            foreach (string table in (string[])["tags", "jobs", "events"])
                await session.ExecuteAsync($"DELETE FROM {table} WHERE entry = @key", ("@key", key));
            await session.ExecuteAsync("UPDATE entries SET hidden = 1 WHERE owner = @owner AND key = @key", ("@owner", owner), ("@key", key));
            await CountAsync(-1, 0);
            return;
        }
        // One that was only kept for the sake of this one goes too, and so on.
        long? next = key;
        while (next is { } gone)
        {
            long? parent = await session.NumberAsync("SELECT parent FROM entries WHERE owner = @owner AND key = @key", ("@owner", owner), ("@key", gone));
            await RemoveAsync(gone);
            next = parent is { } hidden && await IsHiddenAsync(hidden) && !await HasChildrenAsync(hidden) ? hidden : null;
        }
    }

    /// <summary>Some entries that are old or have expired.</summary>
    public ValueTask<List<long>> GoneAsync(int atMost) => session.QueryAsync(
        $"SELECT key FROM entries WHERE owner = @owner AND {IsGone} LIMIT @limit",
        row => row.GetInt64(0), ("@owner", owner), ("@now", now), ("@since", since), ("@limit", atMost));

    /// <summary>Forgets the oldest entries that pass the limits. A batch that is not done stays.</summary>
    /// <param name="maxEntries">Most entries of this owner.</param>
    /// <param name="maxBytes">Most bytes of all owners; this one gives way where it holds most.</param>
    /// <param name="atMost">Most entries that are forgotten at once.</param>
    /// <returns>Whether the limits are kept.</returns>
    public async ValueTask<bool> TrimAsync(long maxEntries, long maxBytes, int atMost)
    {
        for (int i = 0; i < atMost; i++)
        {
            bool isOver = await HasMoreThanAsync(maxEntries)
                || (await session.NumberAsync("SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM holdings") > maxBytes
                    && await session.NumberAsync("SELECT COUNT(*) FROM holdings h WHERE h.bytes > (SELECT bytes FROM holdings WHERE owner = @owner)", ("@owner", owner)) == 0);
            if (!isOver)
                return true;
            long? oldest = await session.NumberAsync(
                $"""
                SELECT key FROM entries WHERE owner = @owner AND hidden = 0 AND kind IN ({Passing})
                AND NOT (kind = @batch AND EXISTS (SELECT 1 FROM jobs j WHERE j.entry = entries.key)) ORDER BY used, key LIMIT 1
                """,
                ("@owner", owner), ("@batch", EntryKinds.Batch));
            if (oldest is null)
                return true;
            await ForgetAsync(oldest.Value);
        }
        return false;
    }

    /// <summary>Whether more is kept than so many entries that pass. Files, which do not, are counted only where it matters.</summary>
    private async ValueTask<bool> HasMoreThanAsync(long maxEntries)
    {
        long entries = await session.NumberAsync("SELECT entries FROM holdings WHERE owner = @owner", ("@owner", owner)) ?? 0;
        return entries > maxEntries
            && entries - await session.NumberAsync("SELECT COUNT(*) FROM entries WHERE owner = @owner AND kind = @file AND hidden = 0", ("@owner", owner), ("@file", EntryKinds.File)) > maxEntries;
    }

    private async ValueTask RemoveAsync(long key)
    {
        List<long> used = await session.QueryAsync("SELECT blob FROM blob_uses WHERE entry = @key", row => row.GetInt64(0), ("@key", key));
        long bytes = await session.NumberAsync("SELECT bytes FROM entries WHERE owner = @owner AND key = @key", ("@owner", owner), ("@key", key)) ?? 0;
        bool isHidden = await IsHiddenAsync(key);
        await session.ExecuteAsync("DELETE FROM entries WHERE owner = @owner AND key = @key", ("@owner", owner), ("@key", key));
        await CountAsync(isHidden ? 0 : -1, -bytes);
        await _blobs.RemoveUnusedAsync(used);
    }

    private async ValueTask<bool> HasChildrenAsync(long key) =>
        await session.NumberAsync("SELECT key FROM entries WHERE owner = @owner AND parent = @key LIMIT 1", ("@owner", owner), ("@key", key)) is not null;

    private async ValueTask<bool> IsHiddenAsync(long key) =>
        await session.NumberAsync("SELECT hidden FROM entries WHERE owner = @owner AND key = @key", ("@owner", owner), ("@key", key)) == 1;

    private ValueTask CountAsync(long entries, long bytes) => OwnerBlobs.CountAsync(session, owner, entries, bytes);

    private async ValueTask<ImmutableArray<EntryItem>> JoinedAsync(List<EntryItem> items)
    {
        await _blobs.FetchAsync(items.Select(item => item.Body));
        var joined = ImmutableArray.CreateBuilder<EntryItem>(items.Count);
        foreach (EntryItem item in items)
            joined.Add(item with { Body = await _blobs.JoinAsync(item.Body) });
        return joined.MoveToImmutable();
    }

    private static StoredEntry Entry(DbDataReader row) => new(row.GetInt64(0), row.GetString(1), row.GetInt64(2), row.GetFieldValue<byte[]>(3));

    private static EntryItem Item(DbDataReader row) =>
        new((ItemRole)row.GetInt64(0), row.IsDBNull(1) ? null : row.GetString(1), row.GetFieldValue<byte[]>(2)) { Position = row.GetInt64(3) };
}
