using Gemma4.Server.Errors;

namespace Gemma4.Server.Storage;

/// <summary>The database did not do what it was asked to; nothing of it was done.</summary>
/// <param name="reason">For the caller: no words of the database's own.</param>
/// <param name="inner">What the database threw.</param>
internal sealed class StorageException(string reason, Exception? inner = null) : ApiException(ErrorTable.Unavailable(reason), inner);
