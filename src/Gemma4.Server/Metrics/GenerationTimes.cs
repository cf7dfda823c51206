namespace Gemma4.Server.Metrics;

/// <summary>What a generation took.</summary>
/// <param name="Total">From its request's arrival to its end.</param>
/// <param name="ToFirstToken">From its request's arrival to its first token; null where none came.</param>
/// <param name="PerOutputToken">Mean of a sequence's tokens after the first; null where there are none.</param>
internal readonly record struct GenerationTimes(TimeSpan Total, TimeSpan? ToFirstToken, TimeSpan? PerOutputToken);
