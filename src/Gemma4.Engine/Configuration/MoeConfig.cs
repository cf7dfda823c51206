namespace Gemma4.Engine.Configuration;

/// <summary>Routed experts beside the dense feed-forward of every layer.</summary>
/// <param name="NumExperts">Experts, E.</param>
/// <param name="NumActiveExperts">Experts a token is sent to, A.</param>
/// <param name="IntermediateSize">Width of an expert.</param>
public sealed record MoeConfig(int NumExperts, int NumActiveExperts, int IntermediateSize);
