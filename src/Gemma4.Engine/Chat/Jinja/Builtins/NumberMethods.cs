using System.Numerics;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary>What <c>int</c>, <c>bool</c> and <c>float</c> have.</summary>
internal static class NumberMethods
{
    public static Value? TryBind(Value number, string name)
    {
        if (number is FloatValue f)
        {
            return name switch
            {
                "is_integer" => new FunctionValue(name, (_, _) => BoolValue.Of(double.IsFinite(f.Number) && f.Number == Math.Floor(f.Number))),
                "real" => f,
                "imag" => new FloatValue(0),
                _ => null,
            };
        }
        Numbers.TryInt(number, out BigInteger whole);
        return name switch
        {
            "bit_length" => new FunctionValue(name, (_, _) => IntValue.Of(whole.IsZero ? 0 : (long)BigInteger.Abs(whole).GetBitLength())),
            "numerator" or "real" => new IntValue(whole),
            "denominator" => IntValue.Of(1),
            "imag" => IntValue.Of(0),
            _ => null,
        };
    }
}
