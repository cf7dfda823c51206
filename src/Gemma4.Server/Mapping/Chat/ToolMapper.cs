using System.Collections.Immutable;
using Gemma4.Server.Errors;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.OpenAI.Chat;

namespace Gemma4.Server.Mapping.Chat;

/// <summary>Functions and their use, from <c>tools</c>, <c>tool_choice</c> and <c>parallel_tool_calls</c>.</summary>
internal static class ToolMapper
{
    public static ToolPolicy Map(ChatCompletionRequest request, int maxTools)
    {
        ImmutableArray<FunctionTool> tools = Functions(request.Tools, maxTools);
        return ToolPolicy.Of(tools, Choice(request.ToolChoice), request.Tools is []) with { IsParallel = request.ParallelToolCalls ?? true };
    }

    /// <summary>The declared tools.</summary>
    public static ImmutableArray<FunctionTool> Functions(ToolDto[]? tools, int maxTools)
    {
        if (tools is null)
            return [];
        if (tools.Length > maxTools)
            throw Fault.ArrayTooLong("tools", maxTools, tools.Length);
        ImmutableArray<FunctionTool>.Builder functions = ImmutableArray.CreateBuilder<FunctionTool>(tools.Length);
        for (int i = 0; i < tools.Length; i++)
            functions.Add(tools[i].Type == "custom" ? Custom(tools[i], $"tools[{i}].custom") : Function(tools[i], $"tools[{i}].function"));
        return functions.MoveToImmutable();
    }

    private static FunctionTool Function(ToolDto tool, string path)
    {
        FunctionDto function = tool.Function ?? throw Fault.Missing(path);
        return new FunctionTool(function.Name, function.Description, function.Parameters, function.Strict ?? false, $"{path}.parameters");
    }

    private static FunctionTool Custom(ToolDto tool, string path)
    {
        CustomToolDto custom = tool.Custom ?? throw Fault.Missing(path);
        if (custom.Format is not { Type: "grammar" } format)
            return CustomTools.Of(custom.Name, custom.Description, null, null, path);
        CustomGrammarDto grammar = format.Grammar ?? throw Fault.Missing($"{path}.format.grammar");
        return CustomTools.Of(custom.Name, custom.Description, grammar.Syntax, grammar.Definition, $"{path}.format.grammar.definition");
    }

    private static ToolChoice? Choice(ToolChoiceDto? choice) => choice switch
    {
        null => null,
        { Choice: null } => ToolModes.Choice(choice.Mode!),
        { Choice: { Type: "function" or "custom" } named } => new ToolChoice.Named(Reference(named.Type, named.Function, named.Custom, "tool_choice")),
        { Choice: { Type: "allowed_tools" } allowed } => Allowed(allowed.AllowedTools ?? throw Fault.Missing("tool_choice.allowed_tools")),
        _ => throw ToolModes.Unsupported(choice.Choice.Type),
    };

    private static ToolChoice.Among Allowed(AllowedTools allowed) => new(
        [.. allowed.Tools.Select((t, i) => Reference(t.Type, t.Function, t.Custom, $"tool_choice.allowed_tools.tools[{i}]"))],
        ToolModes.OfAllowed(allowed.Mode));

    private static ToolReference Reference(string type, FunctionName? function, FunctionName? custom, string path)
    {
        FunctionName? named = type == "custom" ? custom : function;
        return new ToolReference((named ?? throw Fault.Missing($"{path}.{type}")).Name, type == "custom", path);
    }
}
