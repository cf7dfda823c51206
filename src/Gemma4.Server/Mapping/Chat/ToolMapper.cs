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

    /// <summary>The declared functions.</summary>
    public static ImmutableArray<FunctionTool> Functions(ToolDto[]? tools, int maxTools)
    {
        if (tools is null)
            return [];
        if (tools.Length > maxTools)
            throw Fault.ArrayTooLong("tools", maxTools, tools.Length);
        ImmutableArray<FunctionTool>.Builder functions = ImmutableArray.CreateBuilder<FunctionTool>(tools.Length);
        for (int i = 0; i < tools.Length; i++)
        {
            if (tools[i].Type != "function")
                throw Fault.UnsupportedValue($"tools[{i}].type", $"Unsupported value: '{tools[i].Type}'. This server supports tools of type 'function'.");
            FunctionDto function = tools[i].Function ?? throw Fault.Missing($"tools[{i}].function");
            functions.Add(new FunctionTool(
                function.Name, function.Description, function.Parameters, function.Strict ?? false, $"tools[{i}].function.parameters"));
        }
        return functions.MoveToImmutable();
    }

    private static ToolChoice? Choice(ToolChoiceDto? choice) => choice switch
    {
        null => null,
        { Choice: null } => ToolModes.Choice(choice.Mode!),
        { Choice: { Type: "function" } named } =>
            new ToolChoice.Named((named.Function ?? throw Fault.Missing("tool_choice.function")).Name, "tool_choice"),
        { Choice: { Type: "allowed_tools" } allowed } => Allowed(allowed.AllowedTools ?? throw Fault.Missing("tool_choice.allowed_tools")),
        _ => throw ToolModes.Unsupported(choice.Choice.Type),
    };

    private static ToolChoice.Among Allowed(AllowedTools allowed) => new(
        [.. allowed.Tools.Select((t, i) => (t.Function.Name, $"tool_choice.allowed_tools.tools[{i}]"))], ToolModes.OfAllowed(allowed.Mode));
}
