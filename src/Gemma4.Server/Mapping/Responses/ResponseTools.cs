using System.Collections.Immutable;
using Gemma4.Server.Errors;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.OpenAI.Responses;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>Tools and their use, from <c>tools</c>, <c>tool_choice</c> and <c>parallel_tool_calls</c> of a response request.</summary>
internal static class ResponseTools
{
    /// <summary>Whether this server has tools of that type; others run where the client's own provider is.</summary>
    public static bool Has(string type) => type is "function" or "custom";

    /// <exception cref="ApiException">The first fault of a tool, or of the choice.</exception>
    public static ToolPolicy Map(ResponseRequest request, int maxTools)
    {
        ResponseTool[] tools = request.Tools ?? [];
        if (tools.Length > maxTools)
            throw Fault.ArrayTooLong("tools", maxTools, tools.Length);
        ImmutableArray<FunctionTool> own =
            [.. tools.Select((tool, i) => (Tool: tool, Path: $"tools[{i}]")).Where(t => Has(t.Tool.Type)).Select(t => Tool(t.Tool, t.Path))];
        return ToolPolicy.Of(own, Choice(request.ToolChoice), request.Tools is not null && own.IsEmpty) with { IsParallel = request.ParallelToolCalls ?? true };
    }

    private static FunctionTool Tool(ResponseTool tool, string path)
    {
        string name = tool.Name ?? throw Fault.Missing($"{path}.name");
        if (tool.Type == "function")
            return new FunctionTool(name, tool.Description, tool.Parameters, tool.Strict ?? false, $"{path}.parameters");
        if (tool.Format is not { Type: "grammar" } format)
            return CustomTools.Of(name, tool.Description, null, null, path);
        return CustomTools.Of(
            name, tool.Description, format.Syntax ?? throw Fault.Missing($"{path}.format.syntax"), format.Definition, $"{path}.format.definition");
    }

    private static ToolChoice? Choice(ResponseToolChoice? choice) => choice switch
    {
        null => null,
        { Choice: null } => ToolModes.Choice(choice.Mode!),
        { Choice: { Type: "function" or "custom" } named } => new ToolChoice.Named(Reference(named.Type, named.Name, "tool_choice")),
        { Choice: { Type: "allowed_tools" } allowed } => Allowed(allowed),
        _ => throw ToolModes.Unsupported(choice.Choice.Type),
    };

    private static ToolChoice.Among Allowed(ResponseToolChoiceObject allowed)
    {
        string mode = allowed.Mode ?? throw Fault.Missing("tool_choice.mode");
        ResponseAllowedTool[] tools = allowed.Tools ?? throw Fault.Missing("tool_choice.tools");
        return new ToolChoice.Among(
            [.. tools.Select((tool, i) => (Tool: tool, Path: $"tool_choice.tools[{i}]")).Where(t => Has(t.Tool.Type)).Select(t => Reference(t.Tool.Type, t.Tool.Name, t.Path))],
            ToolModes.OfAllowed(mode));
    }

    private static ToolReference Reference(string type, string? name, string path) =>
        new(name ?? throw Fault.Missing($"{path}.name"), type == "custom", path);
}
