using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja;

/// <summary>Python's comparisons: equality of anything, order of what has one, membership.</summary>
internal static class Comparison
{
    public static bool Holds(string symbol, Value left, Value right, RenderContext context) => symbol switch
    {
        "==" => AreEqual(left, right, context),
        "!=" => !AreEqual(left, right, context),
        "in" => Contains(right, left, context),
        "not in" => !Contains(right, left, context),
        _ => IsOrdered(symbol, left, right, context),
    };

    public static bool AreEqual(Value left, Value right, RenderContext context)
    {
        if (ReferenceEquals(left, right) && left is not FloatValue)
            return true;
        context.Budget.Step(Math.Min(left.Weight, right.Weight));
        return left.ValueEquals(right);
    }

    /// <summary><c>item in container</c>.</summary>
    public static bool Contains(Value container, Value item, RenderContext context)
    {
        if (container is Text text)
        {
            if (item is not Text part)
                throw Fault.Value($"'in <string>' requires string as left operand, not {item.TypeName}");
            context.Budget.Search(text.Length, part.Length);
            return text.Chars.Contains(part.Chars, StringComparison.Ordinal);
        }
        if (container is DictValue dict)
            return item.IsHashable ? dict.Find(item, context) is not null : throw Fault.Value($"unhashable type: '{item.TypeName}'");
        if (!container.IsIterable)
            throw Fault.Value($"argument of type '{container.TypeName}' is not iterable");
        foreach (Value element in container.Iterate(context))
        {
            context.Budget.Step();
            if (ReferenceEquals(element, item) || AreEqual(element, item, context))
                return true;
        }
        return false;
    }

    /// <summary>Less than 0, 0 or more than 0, for sorting; refuses values that have no order.</summary>
    public static int Order(Value left, Value right, RenderContext context)
    {
        if (IsOrdered("<", left, right, context))
            return -1;
        return IsOrdered("<", right, left, context) ? 1 : 0;
    }

    private static bool IsOrdered(string symbol, Value left, Value right, RenderContext context)
    {
        if (left is UndefinedValue undefined || (undefined = (right as UndefinedValue)!) is not null)
            throw undefined.Fail();
        context.Budget.Step(1 + Math.Min(left.Weight, right.Weight));
        RenderBudget.EnsureStack();
        if (left is Text a && right is Text b)
            return Fits(symbol, CodePoints.Compare(a.Chars, b.Chars));
        if (Numbers.IsNumber(left) && Numbers.IsNumber(right))
            return Numbers.Compare(left, right) is { } order && Fits(symbol, order);
        if (left is SequenceValue x && right is SequenceValue y && x.GetType() == y.GetType())
        {
            int shared = Math.Min(x.Items.Count, y.Items.Count);
            for (int i = 0; i < shared; i++)
            {
                if (!AreEqual(x.Items[i], y.Items[i], context))
                    return IsOrdered(symbol, x.Items[i], y.Items[i], context);
            }
            return Fits(symbol, x.Items.Count.CompareTo(y.Items.Count));
        }
        throw Fault.Value($"'{symbol}' not supported between instances of '{left.TypeName}' and '{right.TypeName}'");
    }

    private static bool Fits(string symbol, int order) => symbol switch
    {
        "<" => order < 0,
        "<=" => order <= 0,
        ">" => order > 0,
        _ => order >= 0,
    };
}
