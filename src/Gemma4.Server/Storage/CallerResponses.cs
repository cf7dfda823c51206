using Gemma4.Server.Access;
using Gemma4.Server.OpenAI.Responses;

namespace Gemma4.Server.Storage;

/// <summary>What one caller has in the store. Others' responses are not there for it, whatever ids it names.</summary>
internal readonly struct CallerResponses(ResponseStore store, Caller caller)
{
    /// <summary>Keeps a response.</summary>
    public void Add(StoredResponse response) => store.Add(caller, response);

    /// <summary>Puts what became of a response in its place, if it is still kept.</summary>
    public void Replace(StoredResponse response) => store.Replace(caller, response);

    /// <summary>The response of this id; null when it is not kept.</summary>
    public StoredResponse? Find(string id) => store.Find(caller, id);

    /// <summary>The item of this id among those of kept responses; null when there is none.</summary>
    public ResponseItem? FindItem(string id) => store.FindItem(caller, id);

    /// <summary>Forgets a response. False when it was not kept.</summary>
    public bool Remove(string id) => store.Remove(caller, id);
}
