namespace Gemma4.Server.OpenAI;

/// <summary>How the server is.</summary>
/// <param name="Status"><c>ok</c>, <c>degraded</c>, <c>loading</c>, <c>draining</c>, <c>stalled</c> or <c>failed</c>.</param>
/// <param name="Model">The served model's id.</param>
/// <param name="Progress">Share of the weights that is loaded, while loading.</param>
/// <param name="Error">What failed.</param>
internal sealed record HealthReport(string Status, string Model, double? Progress = null, string? Error = null);
