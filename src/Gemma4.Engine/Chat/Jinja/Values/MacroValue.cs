using Gemma4.Engine.Chat.Jinja.Nodes;

namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary>A macro in the frame it was defined in, whose variables it sees as they are when it is called.</summary>
internal sealed class MacroValue(MacroDefinition definition, Frame home) : Value
{
    public override string TypeName => "Macro";

    public override bool IsCallable => true;

    public override Value Call(Arguments arguments, RenderContext context)
    {
        Frame frame = home.Nested();
        IReadOnlyList<(string Name, Expression? Default)> parameters = definition.Parameters;
        var named = new Dictionary<string, Value>();
        foreach ((string name, Value value) in arguments.Named)
        {
            if (!named.TryAdd(name, value))
                throw Fault.Value($"macro {Quoted} got multiple values for argument '{name}'");
        }
        Value? caller = null;
        if (definition.Uses.Contains("caller") && !parameters.Any(p => p.Name == "caller"))
            caller = named.Remove("caller", out Value? given) ? given : new UndefinedValue("No caller defined");

        for (int i = 0; i < parameters.Count; i++)
        {
            (string name, Expression? otherwise) = parameters[i];
            bool isNamed = named.Remove(name, out Value? value);
            if (i < arguments.Positional.Count)
            {
                if (isNamed)
                    throw Fault.Value($"macro {Quoted} got multiple values for argument '{name}'");
                value = arguments.Positional[i];
            }
            frame.Assign(name, value ?? otherwise?.Evaluate(frame) ?? new UndefinedValue($"parameter '{name}' was not provided"));
        }
        if (caller is not null)
            frame.Assign("caller", caller);
        AcceptMore(arguments, named, frame);
        return definition.Body.Capture(frame);
    }

    public override Value? TryGetAttribute(string name, RenderContext context) => name switch
    {
        "name" => definition.Name is null ? NoneValue.Instance : Text.Template(definition.Name),
        "arguments" => new TupleValue([.. definition.Parameters.Select(p => Text.Template(p.Name))]),
        "catch_varargs" => BoolValue.Of(definition.Uses.Contains("varargs")),
        "catch_kwargs" => BoolValue.Of(definition.Uses.Contains("kwargs")),
        "caller" => BoolValue.Of(definition.Uses.Contains("caller")),
        _ => null,
    };

    public override void WriteRepr(TextBuilder output) => output.AppendData($"<Macro {Quoted}>");

    private string Quoted => definition.Name is null ? "None" : $"'{definition.Name}'";

    private void AcceptMore(Arguments arguments, Dictionary<string, Value> named, Frame frame)
    {
        int count = definition.Parameters.Count;
        if (definition.Uses.Contains("kwargs"))
            frame.Assign("kwargs", new DictValue(named.Select(p => new KeyValuePair<Value, Value>(Text.Data(p.Key), p.Value))));
        else if (named.ContainsKey("caller"))
            throw Fault.Value($"macro {Quoted} was invoked with a caller it does not take");
        else if (named.Count > 0)
            throw Fault.Value($"macro {Quoted} takes no keyword argument '{named.Keys.First()}'");
        if (definition.Uses.Contains("varargs"))
            frame.Assign("varargs", new TupleValue([.. arguments.Positional.Skip(count)]));
        else if (arguments.Positional.Count > count)
            throw Fault.Value($"macro {Quoted} takes not more than {count} argument(s)");
    }
}
