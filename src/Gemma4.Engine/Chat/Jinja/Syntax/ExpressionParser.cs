using Gemma4.Engine.Chat.Jinja.Builtins;
using Gemma4.Engine.Chat.Jinja.Nodes;

namespace Gemma4.Engine.Chat.Jinja.Syntax;

/// <summary>Reads expressions: from the loosest operator (<c>if … else</c>) to the tightest, as jinja2's grammar has them.</summary>
/// <remarks>Values and what follows them (calls, filters, subscripts) are read by <see cref="PrimaryParser"/>.</remarks>
internal sealed class ExpressionParser
{
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    private readonly TokenReader _tokens;
    private readonly PrimaryParser _primary;
    private readonly List<ChatTemplateException> _unknown = [];

    public ExpressionParser(TokenReader tokens)
    {
        _tokens = tokens;
        _primary = new PrimaryParser(tokens, this);
    }

    /// <summary>Names that macro bodies speak of without defining them, for each macro being read.</summary>
    public List<HashSet<string>> MacroUses { get; } = [];

    /// <summary>Whether what is read may never run, so that an unknown filter is no error until it does.</summary>
    public bool IsConditional { get; set; }

    /// <summary>An expression, with or without <c>if … else</c>.</summary>
    public Expression Parse(bool allowConditional = true)
    {
        _tokens.Enter();
        Expression expression = allowConditional ? ParseConditional() : ParseOr();
        _tokens.Leave();
        return expression;
    }

    /// <summary>One expression, or a tuple of several separated by commas.</summary>
    /// <param name="isClosedByParenthesis">Whether it stands in parentheses, where it may be empty.</param>
    /// <param name="allowConditional">Whether its items may be <c>a if b else c</c>.</param>
    /// <param name="endName">A name that ends it.</param>
    public Expression ParseTuple(bool isClosedByParenthesis = false, bool allowConditional = true, string? endName = null)
    {
        int line = _tokens.Current.Line;
        var items = new List<Expression>();
        bool isTuple = false;
        while (true)
        {
            if (items.Count > 0)
            {
                if (!_tokens.TrySkipOperator(","))
                    break;
                isTuple = true;
            }
            if (IsTupleEnd(endName))
                break;
            items.Add(Parse(allowConditional));
        }
        if (!isTuple)
        {
            if (items.Count > 0)
                return items[0];
            if (!isClosedByParenthesis)
                throw _tokens.Error($"Expected an expression, got '{_tokens.Current}'");
        }
        return new SequenceExpression(line, items, isTuple: true);
    }

    public FilterExpression ParseFilter(Expression input) => _primary.ParseFilter(input);

    public Expression ParseUnary(bool withFilters)
    {
        _tokens.Enter();
        int line = _tokens.Current.Line;
        Expression node = _tokens.TrySkipOperator("-") ? new SignExpression(line, ParseUnary(withFilters: false), isNegative: true)
            : _tokens.TrySkipOperator("+") ? new SignExpression(line, ParseUnary(withFilters: false), isNegative: false)
            : _primary.ParsePrimary();
        node = _primary.ParsePostfix(node);
        _tokens.Leave();
        return withFilters ? _primary.ParseFiltersAndTests(node) : node;
    }

    private bool IsTupleEnd(string? endName) =>
        _tokens.Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd
        || _tokens.Current.IsOperator(")")
        || (endName is not null && _tokens.Current.IsName(endName));

    private Expression ParseConditional()
    {
        int line = _tokens.Current.Line;
        bool wasConditional = IsConditional;
        int unknown = _unknown.Count;
        Expression then = ParseOr();
        while (_tokens.TrySkipName("if"))
        {
            IsConditional = true;
            _unknown.RemoveRange(unknown, _unknown.Count - unknown); // what was read turns out to depend on this
            Expression condition = ParseOr();
            Expression? otherwise = _tokens.TrySkipName("else") ? Parse() : null;
            IsConditional = wasConditional;
            then = new ConditionalExpression(line, condition, then, otherwise);
        }
        return then;
    }

    private Expression ParseOr()
    {
        int line = _tokens.Current.Line;
        Expression left = ParseAnd();
        while (_tokens.TrySkipName("or"))
            left = new LogicExpression(line, left, ParseAnd(), isAnd: false);
        return left;
    }

    private Expression ParseAnd()
    {
        int line = _tokens.Current.Line;
        Expression left = ParseNot();
        while (_tokens.TrySkipName("and"))
            left = new LogicExpression(line, left, ParseNot(), isAnd: true);
        return left;
    }

    private Expression ParseNot()
    {
        int line = _tokens.Current.Line;
        if (!_tokens.Current.IsName("not"))
            return ParseComparison();
        _tokens.Enter();
        _tokens.Take();
        Expression operand = ParseNot();
        _tokens.Leave();
        return new NotExpression(line, operand);
    }

    private Expression ParseComparison()
    {
        int line = _tokens.Current.Line;
        Expression first = ParseSum();
        var rest = new List<(string, Expression)>();
        while (true)
        {
            Token token = _tokens.Current;
            if (token.Kind == TokenKind.Operator && Comparisons.Contains(token.Value))
            {
                _tokens.Take();
                rest.Add((token.Value, ParseSum()));
            }
            else if (_tokens.TrySkipName("in"))
            {
                rest.Add(("in", ParseSum()));
            }
            else if (token.IsName("not") && _tokens.Next.IsName("in"))
            {
                _tokens.Take();
                _tokens.Take();
                rest.Add(("not in", ParseSum()));
            }
            else
            {
                return rest.Count == 0 ? first : new ComparisonExpression(line, first, rest);
            }
        }
    }

    private Expression ParseSum() => ParseLeft(ParseConcat, "+", "-");

    private Expression ParseConcat()
    {
        int line = _tokens.Current.Line;
        var parts = new List<Expression> { ParseProduct() };
        while (_tokens.TrySkipOperator("~"))
            parts.Add(ParseProduct());
        return parts.Count == 1 ? parts[0] : new ConcatExpression(line, parts);
    }

    private Expression ParseProduct() => ParseLeft(ParsePower, "*", "/", "//", "%");

    private Expression ParsePower() => ParseLeft(() => ParseUnary(withFilters: true), "**");

    private Expression ParseLeft(Func<Expression> parseOperand, params ReadOnlySpan<string> symbols)
    {
        int line = _tokens.Current.Line;
        Expression left = parseOperand();
        while (_tokens.Current.Kind == TokenKind.Operator && symbols.Contains(_tokens.Current.Value))
        {
            string symbol = _tokens.Take().Value;
            left = new ArithmeticExpression(line, symbol, left, parseOperand());
        }
        return left;
    }

    /// <summary>Notes a filter or test that does not exist, where it would surely be reached.</summary>
    public void CheckKnown(string kind, string name, int line)
    {
        bool isKnown = kind == "filter" ? Filters.Exists(name) : Tests.Exists(name);
        if (!isKnown && !IsConditional)
            _unknown.Add(TokenReader.Error($"No {kind} named '{name}'.", line));
    }

    /// <summary>Refuses the template for the first filter or test that was noted.</summary>
    public void ThrowIfUnknown()
    {
        if (_unknown.Count > 0)
            throw _unknown[0];
    }
}
