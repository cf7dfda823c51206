using System.Collections.Frozen;
using System.Numerics;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary>A test: a value, and what is given after its name.</summary>
internal delegate bool Test(Value value, Arguments arguments, RenderContext context);

/// <summary>The tests by name.</summary>
internal static class Tests
{
    private static readonly FrozenDictionary<string, Test> ByName = new Dictionary<string, Test>
    {
        ["defined"] = (value, _, _) => value is not UndefinedValue,
        ["undefined"] = (value, _, _) => value is UndefinedValue,
        ["none"] = (value, _, _) => value is NoneValue,
        ["boolean"] = (value, _, _) => value is BoolValue,
        ["true"] = (value, _, _) => value == BoolValue.True,
        ["false"] = (value, _, _) => value == BoolValue.False,
        ["integer"] = (value, _, _) => value is IntValue,
        ["float"] = (value, _, _) => value is FloatValue,
        ["number"] = (value, _, _) => Numbers.IsNumber(value),
        ["string"] = (value, _, _) => value is Text,
        ["mapping"] = (value, _, _) => value is DictValue,
        ["sequence"] = (value, _, _) => value.IsSequence,
        ["iterable"] = (value, _, _) => value.IsIterable,
        ["callable"] = (value, _, _) => value.IsCallable || value is UndefinedValue,
        ["escaped"] = (_, _, _) => false,
        ["filter"] = (value, _, context) => Filters.Exists(value.ToText(context.Budget).Chars),
        ["test"] = (value, _, context) => Exists(value.ToText(context.Budget).Chars),
        ["lower"] = (value, _, context) => TextCase.IsLower(value.ToText(context.Budget).Chars),
        ["upper"] = (value, _, context) => TextCase.IsUpper(value.ToText(context.Budget).Chars),
        ["odd"] = (value, _, context) => Remainder(value, IntValue.Of(2), context) == 1,
        ["even"] = (value, _, context) => Remainder(value, IntValue.Of(2), context) == 0,
        ["divisibleby"] = (value, arguments, context) => Remainder(value, One(arguments, "divisibleby", "num"), context) == 0,
        ["sameas"] = (value, arguments, _) => IsSame(value, One(arguments, "sameas", "other")),
        ["in"] = (value, arguments, context) => Comparison.Contains(One(arguments, "in", "seq"), value, context),
        ["eq"] = Compare("=="),
        ["equalto"] = Compare("=="),
        ["=="] = Compare("=="),
        ["ne"] = Compare("!="),
        ["!="] = Compare("!="),
        ["gt"] = Compare(">"),
        ["greaterthan"] = Compare(">"),
        [">"] = Compare(">"),
        ["ge"] = Compare(">="),
        [">="] = Compare(">="),
        ["lt"] = Compare("<"),
        ["lessthan"] = Compare("<"),
        ["<"] = Compare("<"),
        ["le"] = Compare("<="),
        ["<="] = Compare("<="),
    }.ToFrozenDictionary();

    private static readonly FrozenSet<string> TakeOne =
    [
        "divisibleby", "sameas", "in", "eq", "equalto", "==", "ne", "!=",
        "gt", "greaterthan", ">", "ge", ">=", "lt", "lessthan", "<", "le", "<=",
    ];

    public static bool Exists(string name) => ByName.ContainsKey(name);

    public static bool Holds(string name, Value value, Arguments arguments, RenderContext context)
    {
        if (!ByName.TryGetValue(name, out Test? test))
            throw Fault.Value($"No test named '{name}' found.");
        if (!TakeOne.Contains(name))
            arguments.Bind($"test_{name}");
        if (value is Text text)
            context.Budget.Read(text.Length);
        return test(value, arguments, context);
    }

    private static Test Compare(string symbol) =>
        (value, arguments, context) => Comparison.Holds(symbol, value, One(arguments, symbol, "b"), context);

    private static Value One(Arguments arguments, string test, string parameter) => arguments.BindRequired(test, 1, parameter)[0]!;

    private static BigInteger? Remainder(Value value, Value divisor, RenderContext context)
    {
        Value remainder = Arithmetic.Apply("%", value, divisor, context);
        if (remainder is FloatValue f)
            return f.Number == Math.Floor(f.Number) ? new BigInteger(f.Number) : null;
        return Numbers.TryInt(remainder, out BigInteger whole) ? whole : null;
    }

    // Whole numbers and texts are values here; Python keeps one object of the small ones, which is what templates compare.
    private static bool IsSame(Value left, Value right) => ReferenceEquals(left, right)
        || (left.GetType() == right.GetType() && left is (IntValue or Text) && left.ValueEquals(right));
}
