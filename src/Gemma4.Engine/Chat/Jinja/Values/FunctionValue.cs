namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary>A function of the engine, or a method bound to its value.</summary>
internal sealed class FunctionValue(string name, Func<Arguments, RenderContext, Value> function) : Value
{
    public override string TypeName => "builtin_function_or_method";

    public override bool IsCallable => true;

    public override Value Call(Arguments arguments, RenderContext context) => function(arguments, context);

    public override void WriteRepr(TextBuilder output) => output.AppendData($"<built-in method {name}>");
}
