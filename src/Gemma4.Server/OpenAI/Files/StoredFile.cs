using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Gemma4.Server.OpenAI.Files;

/// <summary>A file that is kept.</summary>
internal sealed record StoredFile
{
    /// <summary><c>file-…</c></summary>
    public required string Id { get; init; }

    /// <summary>Always <c>file</c>.</summary>
    public string Object { get; init; } = "file";

    /// <summary>Its size.</summary>
    public required long Bytes { get; init; }

    /// <summary>Seconds since 1970.</summary>
    public required long CreatedAt { get; init; }

    /// <summary>Seconds since 1970, from when on it is not there; absent where it is kept until it is deleted.</summary>
    public long? ExpiresAt { get; init; }

    /// <summary>As it was sent.</summary>
    public required string Filename { get; init; }

    /// <summary><c>batch</c>, <c>vision</c>, <c>user_data</c>; <c>batch_output</c> of what a batch made.</summary>
    public required string Purpose { get; init; }

    /// <summary>Always <c>processed</c>.</summary>
    public string Status { get; init; } = "processed";
}

/// <summary>Files that are kept.</summary>
/// <param name="Data">Those of this page.</param>
/// <param name="FirstId">The first one's id; empty where there is none.</param>
/// <param name="LastId">The last one's id; empty where there is none.</param>
/// <param name="HasMore">Whether others follow.</param>
internal sealed record StoredFileList(StoredFile[] Data, string FirstId, string LastId, bool HasMore)
{
    /// <summary>Always <c>list</c>.</summary>
    public string Object { get; init; } = "list";
}

/// <summary>A file that is kept no more.</summary>
/// <param name="Id">Its id.</param>
internal sealed record StoredFileDeleted(string Id)
{
    /// <summary>Always <c>file</c>.</summary>
    public string Object { get; init; } = "file";

    /// <summary>Always true.</summary>
    public bool Deleted { get; init; } = true;
}

/// <summary>The form of <c>POST /v1/files</c>, for the OpenAPI document alone: it is read part by part.</summary>
internal sealed record FileFields
{
    /// <summary>The file.</summary>
    public required IFormFile File { get; init; }

    /// <summary>What it is for: <c>batch</c> is a file of requests; <c>vision</c> and <c>user_data</c> may stand in requests.</summary>
    [AllowedValues("batch", "vision", "user_data"), Wire.Example("user_data")]
    public required string Purpose { get; init; }

    /// <summary>Always <c>created_at</c>.</summary>
    [JsonPropertyName("expires_after[anchor]"), AllowedValues("created_at")]
    public string? ExpiresAfterAnchor { get; init; }

    /// <summary>How long it is kept, in seconds; without it until it is deleted.</summary>
    [JsonPropertyName("expires_after[seconds]"), Range(3600, 2_592_000)]
    public int? ExpiresAfterSeconds { get; init; }
}
