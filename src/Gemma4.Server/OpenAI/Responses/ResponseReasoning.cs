using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Gemma4.Server.OpenAI.Responses;

/// <summary>Whether the model thinks.</summary>
internal sealed record ResponseReasoning
{
    /// <summary><c>none</c> turns thinking off, all others turn it on; each level has its budget of tokens.</summary>
    [AllowedValues("none", "minimal", "low", "medium", "high", "xhigh", "max"), JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Effort { get; init; }

    /// <summary>Give the thought as a summary, which more clients show: in its own words, whichever is asked for.</summary>
    [AllowedValues("auto", "concise", "detailed"), JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Summary { get; init; }
}
