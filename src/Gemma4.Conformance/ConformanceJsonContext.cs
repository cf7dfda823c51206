using System.Text.Json.Serialization;

namespace Gemma4.Conformance;

/// <summary>Source-generated JSON metadata of results.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CaseResult))]
[JsonSerializable(typeof(int))]
internal sealed partial class ConformanceJsonContext : JsonSerializerContext;
