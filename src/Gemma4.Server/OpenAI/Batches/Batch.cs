using System.ComponentModel.DataAnnotations;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI.Batches;

/// <summary>The body of <c>POST /v1/batches</c>.</summary>
internal sealed record BatchRequest
{
    /// <summary>A file of purpose <c>batch</c>: a line of JSON for each request, with <c>custom_id</c>, <c>method</c>, <c>url</c> and <c>body</c>.</summary>
    public required string InputFileId { get; init; }

    /// <summary>The <c>url</c> of all its lines.</summary>
    [AllowedValues("/v1/chat/completions", "/v1/completions", "/v1/responses"), Example("/v1/chat/completions")]
    public required string Endpoint { get; init; }

    /// <summary>Always <c>24h</c>: what is not answered by then is not answered.</summary>
    [AllowedValues("24h"), Example("24h")]
    public required string CompletionWindow { get; init; }

    /// <summary>Up to 16 texts of the caller's own; given back.</summary>
    [MaxLength(16)]
    public Dictionary<string, string>? Metadata { get; init; }

    /// <summary>How long the files of answers are kept; without it until they are deleted.</summary>
    public BatchOutputExpiry? OutputExpiresAfter { get; init; }
}

/// <summary>How long the files that a batch makes are kept.</summary>
internal sealed record BatchOutputExpiry
{
    /// <summary>Always <c>created_at</c>, of the file.</summary>
    [AllowedValues("created_at"), Example("created_at")]
    public required string Anchor { get; init; }

    /// <summary>Seconds from then on.</summary>
    [Range(3600, 2_592_000)]
    public required int Seconds { get; init; }
}

/// <summary>Requests that are answered in the time that others leave.</summary>
internal sealed record Batch
{
    /// <summary><c>batch_…</c></summary>
    public required string Id { get; init; }

    /// <summary>Always <c>batch</c>.</summary>
    public string Object { get; init; } = "batch";

    /// <summary>As asked.</summary>
    public required string Endpoint { get; init; }

    /// <summary>The model of the server that it was sent to; servers of the same model answer it.</summary>
    public required string Model { get; init; }

    /// <summary>What is wrong with the file of a batch that has failed.</summary>
    public BatchErrors? Errors { get; init; }

    /// <summary>The file of requests.</summary>
    public required string InputFileId { get; init; }

    /// <summary>As asked.</summary>
    public required string CompletionWindow { get; init; }

    /// <summary>How it stands.</summary>
    [AllowedValues(BatchStatus.Validating, BatchStatus.Failed, BatchStatus.InProgress, BatchStatus.Finalizing, BatchStatus.Completed, BatchStatus.Expired, BatchStatus.Cancelling, BatchStatus.Cancelled)]
    public required string Status { get; init; }

    /// <summary>The file of answers, of an ended batch that has any.</summary>
    public string? OutputFileId { get; init; }

    /// <summary>The file of refusals and faults, of an ended batch that has any.</summary>
    public string? ErrorFileId { get; init; }

    /// <summary>Seconds since 1970, like the other times.</summary>
    public required long CreatedAt { get; init; }

    /// <summary>When its file was found right.</summary>
    public long? InProgressAt { get; init; }

    /// <summary>When its time is up.</summary>
    public long? ExpiresAt { get; init; }

    /// <summary>When its files began to be written.</summary>
    public long? FinalizingAt { get; init; }

    /// <summary>When it was done.</summary>
    public long? CompletedAt { get; init; }

    /// <summary>When it failed.</summary>
    public long? FailedAt { get; init; }

    /// <summary>When it ended because its time was up.</summary>
    public long? ExpiredAt { get; init; }

    /// <summary>When it was asked to end.</summary>
    public long? CancellingAt { get; init; }

    /// <summary>When it had ended because it was asked to.</summary>
    public long? CancelledAt { get; init; }

    /// <summary>How far it is.</summary>
    public BatchCounts RequestCounts { get; init; } = new(0, 0, 0);

    /// <summary>As given.</summary>
    public Dictionary<string, string>? Metadata { get; init; }
}

/// <summary>The values of a batch's status.</summary>
internal static class BatchStatus
{
    public const string Validating = "validating", Failed = "failed", InProgress = "in_progress", Finalizing = "finalizing", Completed = "completed", Expired = "expired",
        Cancelling = "cancelling", Cancelled = "cancelled";

    /// <summary>Whether nothing more comes of it.</summary>
    public static bool IsEnd(string status) => status is Failed or Completed or Expired or Cancelled;
}

/// <summary>How many requests a batch has.</summary>
/// <param name="Total">All; 0 before its file was found right.</param>
/// <param name="Completed">Those answered with 200.</param>
/// <param name="Failed">Those that were refused or failed.</param>
internal sealed record BatchCounts(int Total, int Completed, int Failed);

/// <summary>What is wrong with a file of requests.</summary>
/// <param name="Data">The first faults.</param>
internal sealed record BatchErrors(BatchError[] Data)
{
    /// <summary>Always <c>list</c>.</summary>
    public string Object { get; init; } = "list";
}

/// <summary>A fault of a file of requests.</summary>
/// <param name="Code">The exact fault.</param>
/// <param name="Message">The same in words.</param>
/// <param name="Param">The line's field; absent where none is at fault.</param>
/// <param name="Line">Its number, from 1 on; absent where no line is at fault.</param>
internal sealed record BatchError(string Code, string Message, string? Param = null, int? Line = null);

/// <summary>A page of batches.</summary>
/// <param name="Data">Those of this page.</param>
/// <param name="HasMore">Whether others follow.</param>
internal sealed record BatchList(Batch[] Data, bool HasMore)
{
    /// <summary>Always <c>list</c>.</summary>
    public string Object { get; init; } = "list";

    /// <summary>The first one's id; absent where there is none.</summary>
    public string? FirstId { get; init; } = Data.FirstOrDefault()?.Id;

    /// <summary>The last one's id; absent where there is none.</summary>
    public string? LastId { get; init; } = Data.LastOrDefault()?.Id;
}
