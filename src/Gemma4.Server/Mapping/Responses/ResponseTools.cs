using System.Collections.Immutable;
using Gemma4.Server.Errors;
using Gemma4.Server.Mapping.Chat;
using Gemma4.Server.OpenAI.Chat;
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
        return ToolMapper.Choose(own, Choice(request.ToolChoice), request.Tools is not null && own.IsEmpty) with { IsParallel = request.ParallelToolCalls ?? true };
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

    private static ToolChoiceDto? Choice(ResponseToolChoice? choice) => choice?.Choice switch
    {
        null when choice is null => null,
        null => new ToolChoiceDto(choice.Mode, null),
        { Type: "function" or "custom" } named => new ToolChoiceDto(null, new ToolChoiceObject
        {
            Type = named.Type,
            Function = Name(named.Type == "function", named.Name, "tool_choice.name"),
            Custom = Name(named.Type == "custom", named.Name, "tool_choice.name"),
        }),
        { Type: "allowed_tools" } allowed => new ToolChoiceDto(null, new ToolChoiceObject
        {
            Type = allowed.Type,
            AllowedTools = new AllowedTools
            {
                Mode = allowed.Mode ?? throw Fault.Missing("tool_choice.mode"),
                Tools = [.. (allowed.Tools ?? throw Fault.Missing("tool_choice.tools")).Where(t => Has(t.Type)).Select(Allowed)],
            },
        }),
        { Type: var other } => new ToolChoiceDto(null, new ToolChoiceObject { Type = other }),
    };

    private static AllowedTool Allowed(ResponseAllowedTool tool, int index) => new()
    {
        Type = tool.Type,
        Function = Name(tool.Type == "function", tool.Name, $"tool_choice.tools[{index}].name"),
        Custom = Name(tool.Type == "custom", tool.Name, $"tool_choice.tools[{index}].name"),
    };

    private static FunctionName? Name(bool isMeant, string? name, string path) =>
        isMeant ? new FunctionName { Name = name ?? throw Fault.Missing(path) } : null;
}
