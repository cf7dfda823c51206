using Gemma4.Server.Access;

namespace Gemma4.Server.Storage;

/// <summary>Opens what the sender of a request keeps.</summary>
internal sealed class CallerStores(ResponseStore responses, ResponseJobs jobs, ConversationStore conversations, FileStore files)
{
    /// <summary>The responses of a request's sender.</summary>
    public CallerResponses Responses(HttpContext context) => new(responses, jobs, conversations, files, Caller.Of(context));

    /// <summary>The files of a request's sender.</summary>
    public CallerFiles Files(HttpContext context) => new(files, Caller.Of(context));
}
