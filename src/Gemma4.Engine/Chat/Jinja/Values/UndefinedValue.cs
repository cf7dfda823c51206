namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary>What stands for something that is not there: empty when printed, walked or tested, an error in any other use.</summary>
/// <param name="cause">What is not there.</param>
/// <param name="kind">The kind of the error.</param>
internal sealed class UndefinedValue(string cause, ChatTemplateErrorKind kind = ChatTemplateErrorKind.Undefined) : Value
{
    public override string TypeName => "Undefined";

    public override int? Count => 0;

    public override bool IsIterable => true;

    public override bool IsSequence => true;

    public Fault Fail() => new(kind, cause);

    public static UndefinedValue Name(string name) => new($"'{name}' is undefined");

    public static UndefinedValue Attribute(Value owner, string name) => new($"'{owner.Describe()}' has no attribute '{name}'");

    public static UndefinedValue Item(Value owner, Value key, RenderContext context)
    {
        if (key is Text name)
            return Attribute(owner, name.Chars);
        var repr = new TextBuilder(context.Budget);
        key.WriteRepr(repr);
        return new($"{owner.Describe()} has no element {repr.ToText().Chars}");
    }

    public static UndefinedValue Unsafe(Value owner, string name) =>
        new($"access to attribute '{name}' of '{owner.TypeName}' object is unsafe.", ChatTemplateErrorKind.Forbidden);

    public override IEnumerable<Value> Iterate(RenderContext context) => [];

    public override Value? TryGetItem(Value key, RenderContext context) => throw Fail();

    public override Value? TryGetAttribute(string name, RenderContext context) => throw Fail();

    public override Value Call(Arguments arguments, RenderContext context) => throw Fail();

    public override bool ValueEquals(Value other) => other is UndefinedValue;

    public override int ValueHash() => 0;

    public override void WriteStr(TextBuilder output)
    {
    }

    public override void WriteRepr(TextBuilder output) => output.AppendData("Undefined");
}
