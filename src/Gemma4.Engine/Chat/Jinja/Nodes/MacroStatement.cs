using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Nodes;

/// <summary>A macro as written: its parameters, what they are when not given, and its body.</summary>
/// <param name="Name">Its name; null for the body of a <c>{% call %}</c>.</param>
/// <param name="Parameters">Parameters in order, with the expression of their default.</param>
/// <param name="Body">What it renders.</param>
/// <param name="Uses">Which of <c>varargs</c>, <c>kwargs</c> and <c>caller</c> the body speaks of, and so accepts.</param>
internal sealed record MacroDefinition(
    string? Name, IReadOnlyList<(string Name, Expression? Default)> Parameters, Block Body, IReadOnlySet<string> Uses);

/// <summary><c>{% macro name(parameters) %}…{% endmacro %}</c>.</summary>
internal sealed class MacroStatement(int line, MacroDefinition definition) : Statement(line)
{
    public override Flow Execute(Frame frame, TextBuilder output)
    {
        frame.Context.Budget.Make();
        frame.Assign(definition.Name!, new MacroValue(definition, frame));
        return Flow.Next;
    }
}

/// <summary><c>{% call(parameters) macro(...) %}…{% endcall %}</c>.</summary>
internal sealed class CallStatement(int line, CallExpression call, MacroDefinition caller) : Statement(line)
{
    public override Flow Execute(Frame frame, TextBuilder output)
    {
        frame.Context.Budget.Make();
        call.Call(frame, new MacroValue(caller, frame)).WriteStr(output);
        return Flow.Next;
    }
}
