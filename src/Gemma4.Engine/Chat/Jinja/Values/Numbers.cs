using System.Numerics;

namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary>What bools, whole numbers and floats have in common.</summary>
internal static class Numbers
{
    public static bool IsNumber(Value value) => value is IntValue or FloatValue or BoolValue;

    /// <summary>The value where a whole number is wanted; bools count.</summary>
    public static bool TryInt(Value value, out BigInteger number)
    {
        number = value switch { IntValue i => i.Number, BoolValue b => b.IsTrue ? 1 : 0, _ => default };
        return value is IntValue or BoolValue;
    }

    /// <summary>The value as a position; numbers too big for one are put at the ends.</summary>
    public static bool TryIndex(Value value, out long index)
    {
        bool whole = TryInt(value, out BigInteger number);
        index = (long)BigInteger.Max(long.MinValue / 2, BigInteger.Min(long.MaxValue / 2, number));
        return whole;
    }

    public static bool TryDouble(Value value, out double number)
    {
        number = value switch { FloatValue f => f.Number, IntValue i => (double)i.Number, BoolValue b => b.IsTrue ? 1 : 0, _ => 0 };
        return IsNumber(value);
    }

    public static bool AreEqual(Value left, Value right) => IsNumber(left) && IsNumber(right) && Compare(left, right) == 0;

    /// <summary>Negative, 0 or positive; null when one is not a number (nan), which is neither.</summary>
    public static int? Compare(Value left, Value right)
    {
        if (left is FloatValue l && right is FloatValue r)
            return double.IsNaN(l.Number) || double.IsNaN(r.Number) ? null : l.Number.CompareTo(r.Number);
        if (left is FloatValue)
            return -Compare(right, left);
        TryInt(left, out BigInteger whole);
        if (right is not FloatValue f)
        {
            TryInt(right, out BigInteger other);
            return whole.CompareTo(other);
        }
        if (double.IsNaN(f.Number))
            return null;
        if (double.IsInfinity(f.Number))
            return f.Number > 0 ? -1 : 1;
        // Exact, as a whole number may have more digits than a double holds.
        double floor = Math.Floor(f.Number);
        int order = whole.CompareTo(new BigInteger(floor));
        return order != 0 ? order : floor < f.Number ? -1 : 0;
    }

    public static int Hash(Value value)
    {
        if (value is FloatValue f)
        {
            if (double.IsNaN(f.Number))
                return System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(f);
            if (!double.IsFinite(f.Number) || f.Number != Math.Floor(f.Number))
                return HashOf(BitConverter.DoubleToInt64Bits(f.Number));
            return new BigInteger(f.Number).GetHashCode();
        }
        TryInt(value, out BigInteger number);
        return number.GetHashCode();
    }

    /// <summary>A hash that no one can foresee: those of .NET for doubles and longs let a template find many that have the same.</summary>
    public static int HashOf(long bits) => HashCode.Combine((int)bits, (int)(bits >> 32));
}
