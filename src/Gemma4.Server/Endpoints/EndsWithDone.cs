namespace Gemma4.Server.Endpoints;

/// <summary>Marks, for the OpenAPI document, an endpoint whose streams end with the frame <c>[DONE]</c>.</summary>
internal sealed class EndsWithDone;
