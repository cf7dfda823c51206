using Gemma4.Server.Access;
using Gemma4.Server.OpenAI.Files;

namespace Gemma4.Server.Storage;

/// <summary>The files of one caller. Others' are not there for it, whatever ids it names.</summary>
internal readonly struct CallerFiles(FileStore store, Caller caller)
{
    /// <summary>The file of this id; null when it is not kept.</summary>
    public Task<StoredFile?> FindAsync(string id, CancellationToken cancellationToken) => store.FindAsync(caller, id, cancellationToken);

    /// <summary>A file's content.</summary>
    public Stream Open(StoredFile file) => store.Open(caller, file);
}
