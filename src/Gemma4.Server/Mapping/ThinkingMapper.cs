using System.Collections.Immutable;
using System.Text.Json;
using Gemma4.Server.Errors;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Mapping;

/// <summary>Whether and how long the model thinks.</summary>
/// <param name="Thinks">Whether it does.</param>
/// <param name="Budget">The thought ends after this many tokens; null lets it be.</param>
internal readonly record struct Thinking(bool Thinks, int? Budget);

/// <summary>The fields about thinking, the template's own argument first: it is the most exact.</summary>
internal static class ThinkingMapper
{
    /// <summary>The template's argument that turns thinking on.</summary>
    public const string Variable = "enable_thinking";

    /// <param name="effort"><c>reasoning_effort</c>, or null.</param>
    /// <param name="kwargs"><c>chat_template_kwargs</c>.</param>
    /// <param name="budget"><c>thinking_token_budget</c>, or null.</param>
    /// <param name="options">Defaults and budgets of efforts.</param>
    public static Thinking Map(string? effort, ImmutableDictionary<string, JsonElement> kwargs, int? budget, ApiOptions options)
    {
        bool thinks = Explicit(kwargs) ?? (effort is null ? options.ThinkByDefault : effort != "none");
        if (budget is null && effort is not null && options.ReasoningBudgets.TryGetValue(effort, out int level))
            budget = level;
        return new Thinking(thinks, thinks ? budget : null);
    }

    /// <summary><c>chat_template_kwargs</c> as the template's variables.</summary>
    public static ImmutableDictionary<string, JsonElement> Variables(JsonElement? kwargs) => kwargs is { ValueKind: JsonValueKind.Object } given
        ? given.EnumerateObject().Aggregate(ImmutableDictionary<string, JsonElement>.Empty, (all, next) => all.SetItem(next.Name, next.Value))
        : ImmutableDictionary<string, JsonElement>.Empty;

    private static bool? Explicit(ImmutableDictionary<string, JsonElement> kwargs)
    {
        if (!kwargs.TryGetValue(Variable, out JsonElement given) || given.ValueKind == JsonValueKind.Null)
            return null;
        string param = $"chat_template_kwargs.{Variable}";
        return given.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? given.GetBoolean()
            : throw Fault.Type(param, "a boolean", JsonKinds.Describe(given));
    }
}
