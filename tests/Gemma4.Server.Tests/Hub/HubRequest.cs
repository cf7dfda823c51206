namespace Gemma4.Server.Tests.Hub;

/// <summary>What a loopback hub was asked.</summary>
/// <param name="IsStorage">Its storage, on another port, was asked.</param>
/// <param name="Path">Path and query.</param>
/// <param name="Authorization">The header; null where there was none.</param>
/// <param name="Range">The header; null where there was none.</param>
internal sealed record HubRequest(bool IsStorage, string Path, string? Authorization, string? Range);
