using Gemma4.Server.Settings;

namespace Gemma4.Server.Mapping.Chat;

/// <summary>Under which names thoughts are given out.</summary>
/// <param name="Content">As <c>reasoning_content</c>.</param>
/// <param name="Plain">As <c>reasoning</c>.</param>
internal readonly record struct ReasoningNames(bool Content, bool Plain)
{
    /// <summary>The names the options and the request ask for; none when the request wants no thoughts.</summary>
    public static ReasoningNames From(ApiOptions options, bool? includeReasoning) => includeReasoning == false
        ? default
        : new ReasoningNames(options.ReasoningField != "reasoning", options.ReasoningField != "reasoning_content");
}
