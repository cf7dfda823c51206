using Gemma4.Server.Errors;

namespace Gemma4.Server.Mapping.OpenAI;

/// <summary>OpenAI's words for the use of tools.</summary>
internal static class ToolModes
{
    /// <summary>A <c>tool_choice</c> that is a word.</summary>
    /// <exception cref="ApiException">It is none of OpenAI's.</exception>
    public static ToolChoice Choice(string mode) => new ToolChoice.Any(mode switch
    {
        "none" => ToolUse.None,
        "auto" => ToolUse.Auto,
        "required" => ToolUse.Required,
        _ => throw Fault.Value("tool_choice", mode, ["none", "auto", "required"]),
    });

    /// <summary>The mode of <c>allowed_tools</c>, <c>auto</c> or <c>required</c>.</summary>
    public static ToolUse OfAllowed(string mode) => mode == "required" ? ToolUse.Required : ToolUse.Auto;

    /// <summary>The refusal of a <c>tool_choice</c> that is an object of another type.</summary>
    public static ApiException Unsupported(string type) => Fault.UnsupportedValue(
        "tool_choice.type", $"Unsupported value: '{type}'. Supported values are: 'function', 'custom' and 'allowed_tools'.");
}
