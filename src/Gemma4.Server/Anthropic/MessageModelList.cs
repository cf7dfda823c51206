using System.Text.Json.Serialization;

namespace Gemma4.Server.Anthropic;

/// <summary>A page of the served models, as Anthropic's API lists them.</summary>
/// <param name="Data">One entry an id.</param>
/// <param name="HasMore">Whether others follow in the direction of the page.</param>
/// <param name="FirstId">The page's first id; null when it is empty.</param>
/// <param name="LastId">The page's last id; null when it is empty.</param>
internal sealed record MessageModelList(
    MessageModel[] Data,
    bool HasMore,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? FirstId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? LastId);

/// <summary>One served model, as Anthropic's API shows it.</summary>
/// <param name="Id">What requests put into <c>model</c>.</param>
/// <param name="DisplayName">The same: models have no other name here.</param>
/// <param name="CreatedAt">When the server started, as RFC 3339 has it.</param>
internal sealed record MessageModel(string Id, string DisplayName, string CreatedAt)
{
    /// <summary>Always <c>model</c>.</summary>
    public string Type { get; init; } = "model";
}
