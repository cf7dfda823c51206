using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gemma4.Server.BatchFiles;

/// <summary>A line of the file of answers.</summary>
/// <param name="Id">Names the answer.</param>
/// <param name="CustomId">The request's.</param>
/// <param name="Response">What was answered.</param>
/// <param name="Error">Always null: what is wrong with a request is its response.</param>
internal sealed record BatchAnswer(string Id, string CustomId, BatchResponse Response, JsonElement? Error);

/// <summary>An answer.</summary>
/// <param name="StatusCode">HTTP status.</param>
/// <param name="RequestId">As the server's log has it.</param>
/// <param name="Body">JSON.</param>
internal sealed record BatchResponse(int StatusCode, string? RequestId, JsonElement Body);

/// <summary>JSON of these files.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(BatchAnswer))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class BatchJsonContext : JsonSerializerContext;
