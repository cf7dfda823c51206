namespace Gemma4.Server.OpenAI.Models;

/// <summary>The served models.</summary>
/// <param name="Data">One entry an id.</param>
internal sealed record ModelList(ModelCard[] Data)
{
    /// <summary>Always <c>list</c>.</summary>
    public string Object { get; init; } = "list";
}

/// <summary>One served model.</summary>
internal sealed record ModelCard
{
    /// <summary>What requests put into <c>model</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Always <c>model</c>.</summary>
    public string Object { get; init; } = "model";

    /// <summary>When the server started, in seconds since 1970.</summary>
    public required long Created { get; init; }

    /// <summary>Who serves it.</summary>
    public required string OwnedBy { get; init; }

    /// <summary>The checkpoint behind the id.</summary>
    public required string Root { get; init; }

    /// <summary>Prompt and answer together hold at most this many tokens; absent while the model loads.</summary>
    public int? MaxModelLen { get; init; }
}
