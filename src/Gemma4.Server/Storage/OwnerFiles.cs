using System.Globalization;
using System.Security.Cryptography;
using Gemma4.Server.Storage.Databases;

namespace Gemma4.Server.Storage;

/// <summary>The contents of one owner's files, within one read or transaction: blobs like long texts, but counted by themselves, since files are not forgotten to make room.</summary>
internal sealed class OwnerFiles(DatabaseSession session, string owner)
{
    private const string Uploading = "upload-";

    /// <summary>The contents that entries have, as SQL joins them: uses <c>u</c>, blobs <c>b</c>.</summary>
    private const string Contents = "blob_uses u JOIN blobs b ON b.key = u.blob AND b.of_file = 1";

    /// <summary>A name for a content that is being written, by which the sweep knows how old it is.</summary>
    public static string NewUpload(long now) => string.Create(CultureInfo.InvariantCulture, $"{Uploading}{now:D15}-{RandomNumberGenerator.GetHexString(16, lowercase: true)}");

    /// <summary>Names of uploads before this one are older than a time.</summary>
    public static string UploadsBefore(long time) => string.Create(CultureInfo.InvariantCulture, $"{Uploading}{time:D15}");

    /// <summary>Writes a part of a content.</summary>
    public async ValueTask AppendAsync(string upload, long position, byte[] part)
    {
        long blob = await BlobAsync(upload) ?? (await session.NumberAsync(
            "INSERT INTO blobs (owner, of_file, hash, bytes) VALUES (@owner, 1, @hash, 0) RETURNING key", ("@owner", owner), ("@hash", upload)))!.Value;
        await session.ExecuteAsync(
            "INSERT INTO blob_parts (blob, position, content) VALUES (@blob, @position, @content)", ("@blob", blob), ("@position", position), ("@content", part));
        await session.ExecuteAsync("UPDATE blobs SET bytes = bytes + @bytes WHERE owner = @owner AND key = @blob", ("@owner", owner), ("@blob", blob), ("@bytes", part.Length));
        await OwnerBlobs.CountFileAsync(session, owner, part.Length);
    }

    /// <summary>Bytes of all contents.</summary>
    public async ValueTask<long> HeldAsync() => await session.NumberAsync("SELECT file_bytes FROM holdings WHERE owner = @owner", ("@owner", owner)) ?? 0;

    /// <summary>Gives a content to a file; the same content is kept once.</summary>
    public async ValueTask UseAsync(long entry, FileContent content)
    {
        long written = await BlobAsync(content.Upload) ?? throw new StorageException("The file's content was forgotten before it was whole. Please send it again.");
        long? same = await BlobAsync(content.Hash);
        if (same is not null)
            await RemoveUploadAsync(content.Upload);
        else
            await session.ExecuteAsync("UPDATE blobs SET hash = @hash WHERE owner = @owner AND key = @blob", ("@owner", owner), ("@blob", written), ("@hash", content.Hash));
        await session.ExecuteAsync("INSERT INTO blob_uses (entry, blob) VALUES (@entry, @blob)", ("@entry", entry), ("@blob", same ?? written));
    }

    /// <summary>Has an entry keep the content of a file for as long as it needs it, though the file goes.</summary>
    public async ValueTask ShareAsync(long file, long entry) => await session.ExecuteAsync(
        $"INSERT INTO blob_uses (entry, blob) SELECT @entry, u.blob FROM {Contents} WHERE u.entry = @file AND b.owner = @owner",
        ("@entry", entry), ("@file", file), ("@owner", owner));

    /// <summary>Ends what <see cref="ShareAsync"/> began.</summary>
    public async ValueTask ReleaseAsync(long entry)
    {
        List<long> held = await session.QueryAsync(
            $"SELECT u.blob FROM {Contents} WHERE u.entry = @entry AND b.owner = @owner", row => row.GetInt64(0),
            ("@entry", entry), ("@owner", owner));
        foreach (long blob in held)
            await session.ExecuteAsync("DELETE FROM blob_uses WHERE entry = @entry AND blob = @blob", ("@entry", entry), ("@blob", blob));
        await new OwnerBlobs(session, owner).RemoveUnusedAsync(held);
    }

    /// <summary>The length of an entry's content; null where it has none.</summary>
    public ValueTask<long?> LengthAsync(long entry) => session.NumberAsync(
        $"SELECT b.bytes FROM {Contents} WHERE u.entry = @entry AND b.owner = @owner", ("@entry", entry), ("@owner", owner));

    /// <summary>Forgets a content that belongs to no file.</summary>
    public async ValueTask RemoveUploadAsync(string upload)
    {
        if (await BlobAsync(upload) is { } blob)
            await new OwnerBlobs(session, owner).RemoveUnusedAsync([blob]);
    }

    /// <summary>A part of a file's content; null behind its end.</summary>
    public async ValueTask<byte[]?> PartAsync(long entry, long position) => await session.FirstAsync(
        $"""
        SELECT p.content FROM {Contents} JOIN blob_parts p ON p.blob = b.key
        WHERE u.entry = @entry AND b.owner = @owner AND p.position = @position
        """,
        row => row.GetFieldValue<byte[]>(0), ("@entry", entry), ("@owner", owner), ("@position", position));

    private ValueTask<long?> BlobAsync(string hash) => session.NumberAsync(
        "SELECT key FROM blobs WHERE owner = @owner AND of_file = 1 AND hash = @hash", ("@owner", owner), ("@hash", hash));
}
