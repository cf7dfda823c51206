namespace Gemma4.Server.Errors;

/// <summary>Paths of APIs that clients expect of a server of this kind and this one does not have: what it does not do, and what to use.</summary>
internal static class AbsentApis
{
    private const string PullWords = "does not manage models; it serves the one that it was started with (--model)";

    private static readonly (PathString Path, string Words)[] All =
    [
        ("/embeddings", "does not make embeddings; use a server of an embedding model"),
        ("/images", "does not make images; use a server of an image model. To ask about an image, use /v1/chat/completions"),
        ("/moderations", "does not moderate; use /v1/chat/completions with a question about the text"),
        ("/rerank", "does not rank documents; use a server of a reranking model"),
        ("/responses/compact", "does not compact conversations; set truncation to 'auto' in /v1/responses, or send a summary of your own"),
        ("/messages/batches", "does not run batches of messages; use /v1/batches with lines of /v1/chat/completions, or send the requests one by one or at the same time to /v1/messages"),
        ("/audio/speech", "does not speak; use a server of a speech model. To write down what is said, use /v1/audio/transcriptions"),
        ("/api/embed", "does not make embeddings; use a server of an embedding model"),
        ("/api/embeddings", "does not make embeddings; use a server of an embedding model"),
        ("/api/pull", PullWords),
        ("/api/push", PullWords),
        ("/api/create", PullWords),
        ("/api/copy", PullWords),
        ("/api/delete", PullWords),
        ("/api/blobs", PullWords),
        ("/fine_tuning", "does not train; serve a checkpoint that was trained elsewhere with --model"),
    ];

    /// <summary>The error of a path below one of them; null for any other. The path may lack <c>/v1</c>.</summary>
    public static ApiError? Find(HttpRequest request)
    {
        if (!request.Path.StartsWithSegments("/v1", out PathString path))
            path = request.Path;
        string? words = All.FirstOrDefault(api => path.StartsWithSegments(api.Path)).Words;
        return words is null
            ? null
            // Clients of Ollama's API show the words of a 400 only.
            : new ApiError(path.StartsWithSegments("/api") ? StatusCodes.Status400BadRequest : StatusCodes.Status404NotFound, $"This server {words}.", ApiError.InvalidRequest, null, "unknown_url");
    }
}
