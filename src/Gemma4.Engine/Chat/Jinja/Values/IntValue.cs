using System.Globalization;
using System.Numerics;

namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary>A whole number of any size.</summary>
internal sealed class IntValue(BigInteger value) : Value
{
    private const int MaxPrintedBits = 14_000; // Python refuses to print more than 4,300 digits

    private static readonly IntValue[] Small = [.. Enumerable.Range(0, 257).Select(i => new IntValue(i))];

    public BigInteger Number => value;

    public override string TypeName => "int";

    public override bool IsTrue => !value.IsZero;

    public static IntValue Of(long number) => (ulong)number < 257 ? Small[number] : new(number);

    public override void WriteRepr(TextBuilder output)
    {
        if (value.GetBitLength() > MaxPrintedBits)
            throw Fault.Value("a whole number has too many digits to be printed");
        output.AppendData(value.ToString(CultureInfo.InvariantCulture));
    }

    public override bool ValueEquals(Value other) => Numbers.AreEqual(this, other);

    public override int ValueHash() => Numbers.Hash(this);

    public override Value? TryGetAttribute(string name, RenderContext context) => Builtins.NumberMethods.TryBind(this, name);
}
