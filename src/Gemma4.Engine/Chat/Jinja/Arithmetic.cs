using System.Numerics;
using Gemma4.Engine.Chat.Jinja.Builtins;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja;

/// <summary>The operators of arithmetic as Python has them, on numbers, texts and sequences.</summary>
internal static class Arithmetic
{
    /// <summary>Whole numbers may grow to this many bits; a bomb would want more.</summary>
    private const long MaxBits = 1 << 17;

    public static Value Apply(string symbol, Value left, Value right, RenderContext context)
    {
        // A text formats whatever it is given, things that are not there included.
        if (symbol == "%" && left is Text format)
            return PercentFormat.Format(format, right, context);
        if (left is UndefinedValue undefined || (undefined = (right as UndefinedValue)!) is not null)
            throw undefined.Fail();
        if (Numbers.IsNumber(left) && Numbers.IsNumber(right))
            return left is FloatValue || right is FloatValue ? OnFloats(symbol, left, right) : OnWhole(symbol, left, right, context);
        return symbol switch
        {
            "+" => Add(left, right, context),
            "*" => Multiply(left, right, context),
            _ => throw Unsupported(symbol, left, right),
        };
    }

    public static Value Sign(Value value, bool isNegative)
    {
        if (value is UndefinedValue undefined)
            throw undefined.Fail();
        if (value is FloatValue f)
            return isNegative ? new FloatValue(-f.Number) : f;
        if (!Numbers.TryInt(value, out BigInteger number))
            throw Fault.Value($"bad operand type for unary {(isNegative ? '-' : '+')}: '{value.TypeName}'");
        return new IntValue(isNegative ? -number : number);
    }

    private static Value Add(Value left, Value right, RenderContext context)
    {
        if (left is Text a)
        {
            return right is Text b
                ? Text.Concat(a, b, context.Budget)
                : throw Fault.Value($"can only concatenate str (not \"{right.TypeName}\") to str");
        }
        if (left is not SequenceValue sequence)
            throw Unsupported("+", left, right);
        if (right is not SequenceValue other || other.GetType() != left.GetType())
            throw Fault.Value($"can only concatenate {left.TypeName} (not \"{right.TypeName}\") to {left.TypeName}");
        context.Budget.Elements((long)sequence.Items.Count + other.Items.Count);
        return sequence.With([.. sequence.Items, .. other.Items]);
    }

    private static Value Multiply(Value left, Value right, RenderContext context)
    {
        if (!Numbers.TryIndex(right, out long count))
        {
            if (!Numbers.TryIndex(left, out count))
                throw Unsupported("*", left, right);
            left = right;
        }
        count = Math.Max(0, count);
        if (left is Text text)
        {
            var builder = new TextBuilder(context.Budget);
            builder.AppendRepeated(text, count);
            return builder.ToText();
        }
        if (left is not SequenceValue sequence)
            throw Unsupported("*", left, right);
        context.Budget.Elements(Math.Min(count, int.MaxValue) * sequence.Items.Count);
        return sequence.With(sequence.Items.Count == 0 ? [] : [.. Enumerable.Repeat(sequence.Items, (int)count).SelectMany(items => items)]);
    }

    private static Value OnWhole(string symbol, Value left, Value right, RenderContext context)
    {
        Numbers.TryInt(left, out BigInteger a);
        Numbers.TryInt(right, out BigInteger b);
        context.Budget.Step((a.GetBitLength() + b.GetBitLength()) >> 10);
        switch (symbol)
        {
            case "+":
                return new IntValue(a + b);
            case "-":
                return new IntValue(a - b);
            case "*":
                CheckBits(a.GetBitLength() + b.GetBitLength(), context);
                return new IntValue(a * b);
            case "**" when b.Sign < 0:
                return Power((double)a, (double)b);
            case "**":
                long bits = BigInteger.Abs(a) <= 1 ? 1 : b > MaxBits ? MaxBits + 1 : a.GetBitLength() * (long)b;
                CheckBits(bits, context);
                return new IntValue(BigInteger.Abs(a) <= 1 ? (b.IsEven && a.Sign != 0 ? BigInteger.One : b.IsZero ? BigInteger.One : a) : BigInteger.Pow(a, (int)b));
        }
        if (b.IsZero)
            throw Fault.Value(symbol == "/" ? "division by zero" : "integer division or modulo by zero");
        if (symbol == "/")
            return new FloatValue(Divide(a, b));
        context.Budget.Step((a.GetBitLength() >> 6) * (b.GetBitLength() >> 6) >> 4); // at worst its time is the product of the lengths
        BigInteger quotient = BigInteger.DivRem(a, b, out BigInteger remainder);
        bool roundsDown = !remainder.IsZero && remainder.Sign != b.Sign;
        return symbol == "//" ? new IntValue(roundsDown ? quotient - 1 : quotient) : new IntValue(roundsDown ? remainder + b : remainder);
    }

    private static double Divide(BigInteger a, BigInteger b)
    {
        double x = (double)a;
        double y = (double)b;
        if (double.IsFinite(x) && double.IsFinite(y))
            return x / y;
        // Too big for doubles on their own: scale both down by the same power of two.
        int shift = (int)Math.Max(a.GetBitLength(), b.GetBitLength()) - 1000;
        double quotient = (double)(a >> shift) / (double)(b >> shift);
        return double.IsFinite(quotient) ? quotient : throw Fault.Value("integer division result too large for a float");
    }

    private static FloatValue OnFloats(string symbol, Value left, Value right)
    {
        Numbers.TryDouble(left, out double a);
        Numbers.TryDouble(right, out double b);
        switch (symbol)
        {
            case "+":
                return new FloatValue(a + b);
            case "-":
                return new FloatValue(a - b);
            case "*":
                return new FloatValue(a * b);
            case "**":
                return Power(a, b);
        }
        if (b == 0)
            throw Fault.Value(symbol == "/" ? "float division by zero" : symbol == "//" ? "float floor division by zero" : "float modulo");
        if (symbol == "/")
            return new FloatValue(a / b);
        double remainder = a % b;
        if (remainder != 0 && (remainder < 0) != (b < 0))
            remainder += b;
        if (remainder == 0)
            remainder = Math.CopySign(0, b);
        return new FloatValue(symbol == "%" ? remainder : Math.Floor(Math.Round((a - remainder) / b)));
    }

    private static FloatValue Power(double a, double b)
    {
        if (a == 0 && b < 0)
            throw Fault.Value("0.0 cannot be raised to a negative power");
        double result = Math.Pow(a, b);
        if (double.IsInfinity(result) && double.IsFinite(a) && double.IsFinite(b))
            throw Fault.Value("Numerical result out of range");
        if (double.IsNaN(result) && !double.IsNaN(a) && !double.IsNaN(b))
            throw Fault.Value("complex numbers are not supported");
        return new FloatValue(result);
    }

    private static void CheckBits(long bits, RenderContext context)
    {
        if (bits > MaxBits)
            throw Fault.Limit($"a whole number grows beyond {MaxBits} bits");
        context.Budget.Step(bits >> 6);
    }

    private static Fault Unsupported(string symbol, Value left, Value right) =>
        Fault.Value($"unsupported operand type(s) for {(symbol == "**" ? "** or pow()" : symbol)}: '{left.TypeName}' and '{right.TypeName}'");
}
