using Microsoft.AspNetCore.Http.Metadata;

namespace Gemma4.Server.Metrics;

/// <summary>What measurements of a request are labelled with. All of it stands in the program: nothing a client sends becomes a label.</summary>
/// <param name="Route">The endpoint's template, as ASP.NET Core's own measurements have it.</param>
/// <param name="Operation">OpenTelemetry's word for what is asked for.</param>
internal sealed record RequestLabels(string Route, string Operation)
{
    /// <summary>The labels of an endpoint that generates; null of any other.</summary>
    public static RequestLabels? Of(Endpoint? endpoint) => endpoint?.Metadata.GetMetadata<GeneratesAttribute>() is { } generates
        ? new RequestLabels(endpoint.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()?.Route ?? "", generates.Operation)
        : null;
}
