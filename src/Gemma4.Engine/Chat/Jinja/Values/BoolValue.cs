namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary><c>true</c> and <c>false</c>; in arithmetic and as keys they are 1 and 0.</summary>
internal sealed class BoolValue : Value
{
    public static readonly BoolValue True = new(true);
    public static readonly BoolValue False = new(false);

    private readonly bool _value;

    private BoolValue(bool value) => _value = value;

    public override string TypeName => "bool";

    public override bool IsTrue => _value;

    public static BoolValue Of(bool value) => value ? True : False;

    public override void WriteRepr(TextBuilder output) => output.AppendData(_value ? "True" : "False");

    public override bool ValueEquals(Value other) => Numbers.AreEqual(this, other);

    public override int ValueHash() => Numbers.Hash(this);

    public override Value? TryGetAttribute(string name, RenderContext context) => Builtins.NumberMethods.TryBind(this, name);
}
