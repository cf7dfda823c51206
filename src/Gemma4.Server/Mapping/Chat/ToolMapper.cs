using System.Collections.Immutable;
using Gemma4.Server.Errors;
using Gemma4.Server.OpenAI.Chat;

namespace Gemma4.Server.Mapping.Chat;

/// <summary>Functions and their use, from <c>tools</c>, <c>tool_choice</c> and <c>parallel_tool_calls</c>.</summary>
internal static class ToolMapper
{
    public static ToolPolicy Map(ChatCompletionRequest request, int maxTools)
    {
        ImmutableArray<FunctionTool> tools = Functions(request.Tools, maxTools);
        ToolPolicy policy = Choose(tools, request.ToolChoice, request.Tools is []);
        return policy with { IsParallel = request.ParallelToolCalls ?? true };
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

    /// <summary>How the declared functions are used.</summary>
    /// <param name="tools">The declared functions.</param>
    /// <param name="choice">What the request says of their use.</param>
    /// <param name="isEmptyList">Whether the request has a list of tools, with nothing in it.</param>
    public static ToolPolicy Choose(ImmutableArray<FunctionTool> tools, ToolChoiceDto? choice, bool isEmptyList = false)
    {
        if (choice is null)
            return tools.IsEmpty ? ToolPolicy.None : new ToolPolicy(tools, ToolUse.Auto, true, false);
        if (choice.Choice is null && choice.Mode is not ("none" or "auto" or "required"))
            throw Fault.Value("tool_choice", choice.Mode!, ["none", "auto", "required"]);
        if (choice.Mode == "none")
            return ToolPolicy.None;
        // Clients whose list of tools is empty ask for "auto" as they always do.
        if (isEmptyList && choice.Mode == "auto")
            return ToolPolicy.None;
        if (tools.IsEmpty)
            throw Fault.Of("Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.", "tool_choice");
        return choice.Choice?.Type switch
        {
            null => new ToolPolicy(tools, choice.Mode == "required" ? ToolUse.Required : ToolUse.Auto, true, false),
            "function" => Named(tools, choice.Choice.Function ?? throw Fault.Missing("tool_choice.function"), isCustom: false),
            "custom" => Named(tools, choice.Choice.Custom ?? throw Fault.Missing("tool_choice.custom"), isCustom: true),
            "allowed_tools" => Allowed(tools, choice.Choice.AllowedTools),
            string other => throw Fault.UnsupportedValue(
                "tool_choice.type", $"Unsupported value: '{other}'. Supported values are: 'function', 'custom' and 'allowed_tools'."),
        };
    }

    private static ToolPolicy Named(ImmutableArray<FunctionTool> tools, FunctionName tool, bool isCustom) =>
        new([Find(tools, tool.Name, isCustom, "tool_choice")], ToolUse.Required, true, true);

    private static ToolPolicy Allowed(ImmutableArray<FunctionTool> tools, AllowedTools? allowed)
    {
        if (allowed is null)
            throw Fault.Missing("tool_choice.allowed_tools");
        ImmutableArray<FunctionTool> chosen =
            [.. allowed.Tools.Select((t, i) => Find(tools, t, $"tool_choice.allowed_tools.tools[{i}]")).Distinct()];
        return new ToolPolicy(chosen, allowed.Mode == "required" ? ToolUse.Required : ToolUse.Auto, true, false);
    }

    private static FunctionTool Find(ImmutableArray<FunctionTool> tools, AllowedTool allowed, string param)
    {
        FunctionName? named = allowed.Type == "custom" ? allowed.Custom : allowed.Function;
        return Find(tools, (named ?? throw Fault.Missing($"{param}.{allowed.Type}")).Name, allowed.Type == "custom", param);
    }

    private static FunctionTool Find(ImmutableArray<FunctionTool> tools, string name, bool isCustom, string param) =>
        tools.FirstOrDefault(t => t.Name == name && t.IsCustom == isCustom)
        ?? throw Fault.Of(
            $"Invalid value for '{param}': {(isCustom ? "custom tool" : "function")} '{name}' is not among the tools of the request.", param, "invalid_value");
}
