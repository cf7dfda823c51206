using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gemma4.Server.BatchFiles;

/// <summary>A line of the file of answers.</summary>
/// <param name="Id">Names the answer.</param>
/// <param name="CustomId">The request's.</param>
/// <param name="Response">What was answered, be it a refusal; null where the request was never sent.</param>
/// <param name="Error">Why it was never sent; null where it was.</param>
internal sealed record BatchAnswer(string Id, string CustomId, BatchResponse? Response, BatchLineError? Error);

/// <summary>An answer.</summary>
/// <param name="StatusCode">HTTP status.</param>
/// <param name="RequestId">As the server's log has it.</param>
/// <param name="Body">JSON.</param>
internal sealed record BatchResponse(int StatusCode, string? RequestId, JsonElement Body);

/// <summary>Why a request was never sent.</summary>
/// <param name="Code">For programs.</param>
/// <param name="Message">For people.</param>
internal sealed record BatchLineError(string Code, string Message);

/// <summary>JSON of these files.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(BatchAnswer))]
internal sealed partial class BatchJsonContext : JsonSerializerContext;
