using System.Security.Cryptography;
using Gemma4.Server.Access;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Files;
using Gemma4.Server.Settings;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Storage;

/// <summary>Files that are kept, whole or part by part. Thread-safe.</summary>
internal sealed class FileStore(Store store, IOptions<StorageOptions> options)
{
    /// <summary>Bytes of one part.</summary>
    public const int PartBytes = 1 << 20;

    /// <summary>Writes a content, part by part, each in a transaction of its own: nobody waits for a large file.</summary>
    /// <param name="caller">Whose.</param>
    /// <param name="content">Read to its end.</param>
    /// <param name="cancellationToken">Gives it up; what was written goes.</param>
    /// <param name="isOwn">Whether the server itself makes it: then the limit of one file does not hold, only that of all.</param>
    /// <exception cref="StorageException">It cannot be written.</exception>
    /// <exception cref="FileTooLargeException">It is larger than a file may be, or than the caller may keep.</exception>
    public async Task<FileContent> WriteAsync(Caller caller, Stream content, CancellationToken cancellationToken, bool isOwn = false)
    {
        string upload = OwnerFiles.NewUpload(store.Now);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] part = new byte[PartBytes];
        long length = 0;
        try
        {
            for (long position = 0; ; position++)
            {
                int read = await content.ReadAtLeastAsync(part, part.Length, throwOnEndOfStream: false, cancellationToken);
                length += read;
                if (!isOwn && length > options.Value.MaxFileBytes)
                    throw new FileTooLargeException(options.Value.MaxFileBytes, "a file may have (option Storage:MaxFileBytes)");
                hash.AppendData(part, 0, read);
                if (read > 0 || position == 0)
                    await AppendAsync(caller, upload, position, part[..read], cancellationToken);
                if (read < part.Length)
                    return new FileContent(upload, Convert.ToHexStringLower(hash.GetHashAndReset()), length);
            }
        }
        catch
        {
            await ForgetAsync(caller, upload);
            throw;
        }
    }

    /// <summary>Keeps a file whose content was written.</summary>
    /// <exception cref="StorageException">It is not kept.</exception>
    public Task<long> AddAsync(Caller caller, StoredFile file, FileContent content, CancellationToken cancellationToken) =>
        store.WriteAsync(caller, rows => InsertAsync(rows, file, content), cancellationToken);

    /// <summary>The same within a transaction.</summary>
    /// <returns>The number of its entry.</returns>
    public async ValueTask<long> InsertAsync(OwnerRows rows, StoredFile file, FileContent content)
    {
        long key = await rows.InsertAsync(new NewEntry(EntryKinds.File, file.Id, "", store.Now, StoredJson.Bytes(file, OpenAIJson.Context.StoredFile))
        {
            Expires = file.ExpiresAt * 1000,
            Tags = [PurposeTag(file.Purpose)],
        });
        await rows.Files.UseAsync(key, content);
        return key;
    }

    /// <summary>Drops a content that was written for nothing.</summary>
    public Task ForgetAsync(Caller caller, FileContent content) => ForgetAsync(caller, content.Upload);

    /// <summary>A caller's file; null when it is not kept.</summary>
    public Task<StoredFile?> FindAsync(Caller caller, string id, CancellationToken cancellationToken) => StoredJson.IsId(id)
        ? store.ReadAsync(caller, async rows => await rows.FindAsync(EntryKinds.File, id) is { } entry ? Value(entry) : null, cancellationToken)
        : Task.FromResult<StoredFile?>(null);

    /// <summary>A page of a caller's files.</summary>
    public Task<StoredPage<StoredFile>> ListAsync(Caller caller, PageRequest page, string? purpose, CancellationToken cancellationToken) => store.ReadAsync(
        caller,
        async rows =>
        {
            StoredPage<StoredEntry> found = await rows.ListAsync(EntryKinds.File, page, null, purpose is null ? [] : [PurposeTag(purpose)]);
            return new StoredPage<StoredFile>([.. found.Items.Select(Value)], found.HasMore);
        },
        cancellationToken);

    /// <summary>One part of a file; empty behind its end, null when the file is not kept.</summary>
    private Task<byte[]?> PartAsync(Caller caller, string id, long position, CancellationToken cancellationToken) => store.ReadAsync(
        caller,
        async rows => await rows.FindAsync(EntryKinds.File, id) is { } entry ? await rows.Files.PartAsync(entry.Key, position) ?? [] : null,
        cancellationToken);

    /// <summary>A file's content.</summary>
    public Stream Open(Caller caller, StoredFile file) => new StoredFileStream((position, cancellationToken) => PartAsync(caller, file.Id, position, cancellationToken), file.Bytes);

    /// <summary>Forgets a file. False when it was not kept.</summary>
    public Task<bool> RemoveAsync(Caller caller, string id, CancellationToken cancellationToken) => StoredJson.IsId(id)
        ? store.WriteAsync(caller, rows => rows.DeleteAsync(EntryKinds.File, id), cancellationToken)
        : Task.FromResult(false);

    private Task AppendAsync(Caller caller, string upload, long position, byte[] part, CancellationToken cancellationToken) => store.WriteAsync(
        caller,
        async rows =>
        {
            await rows.Files.AppendAsync(upload, position, part);
            if (await rows.Files.HeldAsync() > 1_000_000L * options.Value.MaxFileMegabytes)
                throw new FileTooLargeException(1_000_000L * options.Value.MaxFileMegabytes, "a caller's files may have together (option Storage:MaxFileMegabytes); delete some");
            return true;
        },
        cancellationToken);

    private async Task ForgetAsync(Caller caller, string upload)
    {
        try
        {
            await store.WriteAsync(caller, async rows => { await rows.Files.RemoveUploadAsync(upload); return true; }, CancellationToken.None);
        }
        catch (StorageException)
        {
            // The sweep forgets it later.
        }
    }

    private static StoredFile Value(StoredEntry entry) => StoredJson.Value(entry.Body, OpenAIJson.Context.StoredFile);

    private static string PurposeTag(string purpose) => $"purpose:{purpose}";
}

/// <summary>A content that is written and belongs to no file yet.</summary>
/// <param name="Upload">What its rows are called.</param>
/// <param name="Hash">SHA-256 of it.</param>
/// <param name="Length">Its bytes.</param>
internal sealed record FileContent(string Upload, string Hash, long Length);

/// <summary>A content is larger than it may be.</summary>
/// <param name="most">Bytes that are allowed.</param>
/// <param name="what">What they are a limit of.</param>
internal sealed class FileTooLargeException(long most, string what)
    : Errors.ApiException(new Errors.ApiError(StatusCodes.Status413PayloadTooLarge, $"The file is larger than the {most} bytes that {what}.", Errors.ApiError.InvalidRequest, "file", "file_too_large"));
