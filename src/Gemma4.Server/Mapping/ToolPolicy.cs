using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Server.Errors;

namespace Gemma4.Server.Mapping;

/// <summary>A function the model may call.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does.</param>
/// <param name="Parameters">JSON schema of its arguments; null when none was given.</param>
/// <param name="IsStrict">Hold the arguments to the schema.</param>
/// <param name="Param">Where the request declares it, for errors of its schema.</param>
internal sealed record FunctionTool(string Name, string? Description, JsonElement? Parameters, bool IsStrict, string Param)
{
    /// <summary>It takes free text and not arguments: what <see cref="CustomTools"/> makes.</summary>
    public bool IsCustom { get; init; }

    /// <summary>What a custom tool's text must look like; null for any.</summary>
    public ToolInput? Input { get; init; }
}

/// <summary>Whether a turn may, must or must not call.</summary>
internal enum ToolUse
{
    /// <summary>No calls.</summary>
    None,

    /// <summary>As the model likes.</summary>
    Auto,

    /// <summary>At least one call, and nothing else.</summary>
    Required,
}

/// <summary>The functions of a turn and how they are used.</summary>
/// <param name="Tools">What the model is shown and may call; a turn that may not call is shown none.</param>
/// <param name="Use">Whether it calls.</param>
/// <param name="IsParallel">More than one call in a turn.</param>
/// <param name="IsNamed">The request named the one function to call; the answer then ends with <c>stop</c>, as OpenAI has it.</param>
internal sealed record ToolPolicy(ImmutableArray<FunctionTool> Tools, ToolUse Use, bool IsParallel, bool IsNamed)
{
    /// <summary>No tools.</summary>
    public static ToolPolicy None { get; } = new([], ToolUse.None, true, false);

    /// <summary>Whether this name is a custom tool's.</summary>
    public bool IsCustom(string name) => Tools.Any(t => t.IsCustom && t.Name == name);

    /// <summary>The declared tools under the request's choice.</summary>
    /// <param name="tools">The declared tools.</param>
    /// <param name="choice">What the request says of their use; null where it says nothing.</param>
    /// <param name="isEmptyList">Whether the request has a list of tools, with nothing in it.</param>
    /// <exception cref="ApiException">A choice without tools, or of one that is not declared.</exception>
    public static ToolPolicy Of(ImmutableArray<FunctionTool> tools, ToolChoice? choice, bool isEmptyList = false)
    {
        if (choice is null)
            return tools.IsEmpty ? None : new ToolPolicy(tools, ToolUse.Auto, true, false);
        if (choice is ToolChoice.Any { Use: ToolUse.None })
            return None;
        // Clients whose list of tools is empty ask for "auto" as they always do.
        if (isEmptyList && choice is ToolChoice.Any { Use: ToolUse.Auto })
            return None;
        if (tools.IsEmpty)
            throw Fault.Of("Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.", "tool_choice");
        return choice switch
        {
            ToolChoice.Any any => new ToolPolicy(tools, any.Use, true, false),
            ToolChoice.Named named => new ToolPolicy([Find(tools, named.Tool)], ToolUse.Required, true, true),
            ToolChoice.Among among => new ToolPolicy([.. among.Tools.Select(t => Find(tools, t)).Distinct()], among.Use, true, false),
            _ => throw new UnreachableException(),
        };
    }

    private static FunctionTool Find(ImmutableArray<FunctionTool> tools, ToolReference wanted) =>
        tools.FirstOrDefault(t => t.Name == wanted.Name && t.IsCustom == wanted.IsCustom)
        ?? throw Fault.Of(
            $"Invalid value for '{wanted.Param}': {(wanted.IsCustom ? "custom tool" : "function")} '{wanted.Name}' is not among the tools of the request.",
            wanted.Param, "invalid_value");
}
