namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary>A double.</summary>
internal sealed class FloatValue(double value) : Value
{
    public double Number => value;

    public override string TypeName => "float";

    public override bool IsTrue => value != 0;

    public override void WriteRepr(TextBuilder output) => output.AppendData(PythonFloat.Repr(value));

    public override bool ValueEquals(Value other) => Numbers.AreEqual(this, other);

    public override int ValueHash() => Numbers.Hash(this);

    public override Value? TryGetAttribute(string name, RenderContext context) => Builtins.NumberMethods.TryBind(this, name);
}
