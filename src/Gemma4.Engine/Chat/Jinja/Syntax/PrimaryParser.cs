using System.Globalization;
using System.Numerics;
using System.Text;
using Gemma4.Engine.Chat.Jinja.Nodes;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Syntax;

/// <summary>Reads values, and what may follow them: subscripts, calls, filters, tests.</summary>
internal sealed class PrimaryParser(TokenReader tokens, ExpressionParser expressions)
{
    public Expression ParsePrimary()
    {
        Token token = tokens.Take();
        int line = token.Line;
        switch (token.Kind)
        {
            case TokenKind.Name:
                return ParseName(token);
            case TokenKind.String:
                var text = new StringBuilder(token.Value);
                while (tokens.Current.Kind == TokenKind.String)
                    text.Append(tokens.Take().Value);
                return new LiteralExpression(line, Text.Template(text.ToString()));
            case TokenKind.Integer:
                return Digits.TryParse(token.Value, 0, out BigInteger number)
                    ? new LiteralExpression(line, new IntValue(number))
                    : throw TokenReader.Error("a whole number has too many digits", line);
            case TokenKind.Float:
                string digits = token.Value.Replace("_", "", StringComparison.Ordinal);
                return new LiteralExpression(line, new FloatValue(double.Parse(digits, CultureInfo.InvariantCulture)));
        }
        if (token.IsOperator("("))
        {
            Expression inner = expressions.ParseTuple(isClosedByParenthesis: true);
            tokens.ExpectOperator(")");
            return inner;
        }
        if (token.IsOperator("["))
            return new SequenceExpression(line, ParseItems("]", () => expressions.Parse()), isTuple: false);
        if (token.IsOperator("{"))
            return new DictExpression(line, ParseItems("}", ParseEntry));
        throw TokenReader.Error($"unexpected '{token}'", line);
    }

    public Expression ParsePostfix(Expression node)
    {
        while (true)
        {
            if (tokens.Current.IsOperator(".") || tokens.Current.IsOperator("["))
                node = ParseSubscript(node);
            else if (tokens.Current.IsOperator("("))
                node = new CallExpression(tokens.Current.Line, node, ParseArguments());
            else
                return node;
        }
    }

    public Expression ParseFiltersAndTests(Expression node)
    {
        while (true)
        {
            if (tokens.TrySkipOperator("|"))
                node = ParseFilter(node);
            else if (tokens.TrySkipName("is"))
                node = ParseTest(node);
            else if (tokens.Current.IsOperator("("))
                node = new CallExpression(tokens.Current.Line, node, ParseArguments());
            else
                return node;
        }
    }

    /// <summary>A filter, after its <c>|</c>.</summary>
    public FilterExpression ParseFilter(Expression input)
    {
        int line = tokens.Current.Line;
        string name = ParseDottedName();
        ArgumentList arguments = tokens.Current.IsOperator("(") ? ParseArguments() : ArgumentList.Empty;
        expressions.CheckKnown("filter", name, line);
        return new FilterExpression(line, input, name, arguments);
    }

    private Expression ParseName(Token token)
    {
        switch (token.Value)
        {
            case "true" or "True":
                return new LiteralExpression(token.Line, BoolValue.True);
            case "false" or "False":
                return new LiteralExpression(token.Line, BoolValue.False);
            case "none" or "None":
                return new LiteralExpression(token.Line, NoneValue.Instance);
        }
        foreach (HashSet<string> uses in expressions.MacroUses)
            uses.Add(token.Value);
        return new NameExpression(token.Line, token.Value);
    }

    private List<T> ParseItems<T>(string end, Func<T> parseItem)
    {
        var items = new List<T>();
        while (!tokens.Current.IsOperator(end))
        {
            if (items.Count > 0)
                tokens.ExpectOperator(",");
            if (tokens.Current.IsOperator(end))
                break;
            items.Add(parseItem());
        }
        tokens.ExpectOperator(end);
        return items;
    }

    private (Expression Key, Expression Value) ParseEntry()
    {
        Expression key = expressions.Parse();
        tokens.ExpectOperator(":");
        return (key, expressions.Parse());
    }

    private Expression ParseSubscript(Expression node)
    {
        Token token = tokens.Take();
        if (token.Value == ".")
        {
            Token name = tokens.Take();
            return name.Kind switch
            {
                TokenKind.Name => new AttributeExpression(token.Line, node, name.Value),
                TokenKind.Integer when Digits.TryParse(name.Value, 0, out BigInteger index) =>
                    new ItemExpression(token.Line, node, new LiteralExpression(token.Line, new IntValue(index))),
                _ => throw TokenReader.Error("expected name or number", name.Line),
            };
        }
        var parts = new List<Expression>();
        SliceExpression? slice = null;
        while (!tokens.Current.IsOperator("]"))
        {
            if (parts.Count > 0 || slice is not null)
                tokens.ExpectOperator(",");
            Expression? first = tokens.Current.IsOperator(":") ? null : expressions.Parse();
            if (tokens.Current.IsOperator(":"))
                slice = ParseSlice(token.Line, node, first);
            else
                parts.Add(first!);
        }
        tokens.ExpectOperator("]");
        if (slice is not null)
            return parts.Count == 0 ? slice : throw TokenReader.Error("slices of several dimensions are not supported", token.Line);
        return new ItemExpression(token.Line, node, parts.Count == 1 ? parts[0] : new SequenceExpression(token.Line, parts, isTuple: true));
    }

    private SliceExpression ParseSlice(int line, Expression node, Expression? start)
    {
        var ends = new Expression?[2];
        for (int i = 0; i < 2 && tokens.TrySkipOperator(":"); i++)
        {
            if (!tokens.Current.IsOperator(":") && !tokens.Current.IsOperator("]") && !tokens.Current.IsOperator(","))
                ends[i] = expressions.Parse();
        }
        return new SliceExpression(line, node, start, ends[0], ends[1]);
    }

    private Expression ParseTest(Expression input)
    {
        int line = tokens.Current.Line;
        bool isNegated = tokens.TrySkipName("not");
        string name = ParseDottedName();
        ArgumentList arguments = ArgumentList.Empty;
        Token next = tokens.Current;
        if (next.IsOperator("("))
        {
            arguments = ParseArguments();
        }
        else if (next.Kind is TokenKind.Name or TokenKind.String or TokenKind.Integer or TokenKind.Float || next.IsOperator("[") || next.IsOperator("{"))
        {
            if (next.IsName("is"))
                throw tokens.Error("You cannot chain multiple tests with is");
            if (!next.IsName("else") && !next.IsName("or") && !next.IsName("and"))
                arguments = new ArgumentList([ParsePostfix(ParsePrimary())], [], null, null);
        }
        expressions.CheckKnown("test", name, line);
        var test = new TestExpression(line, input, name, arguments);
        return isNegated ? new NotExpression(line, test) : test;
    }

    private string ParseDottedName()
    {
        var name = new StringBuilder(tokens.Expect(TokenKind.Name, "a name").Value);
        while (tokens.TrySkipOperator("."))
            name.Append('.').Append(tokens.Expect(TokenKind.Name, "a name").Value);
        return name.ToString();
    }

    private ArgumentList ParseArguments()
    {
        tokens.ExpectOperator("(");
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        Expression? more = null;
        Expression? moreNamed = null;
        bool isFirst = true;
        while (!tokens.Current.IsOperator(")"))
        {
            if (!isFirst)
            {
                tokens.ExpectOperator(",");
                if (tokens.Current.IsOperator(")"))
                    break;
            }
            isFirst = false;
            if (tokens.Current.IsOperator("*") && more is null && moreNamed is null)
            {
                tokens.Take();
                more = expressions.Parse();
            }
            else if (tokens.Current.IsOperator("**") && moreNamed is null)
            {
                tokens.Take();
                moreNamed = expressions.Parse();
            }
            else if (tokens.Current.Kind == TokenKind.Name && tokens.Next.IsOperator("=") && moreNamed is null)
            {
                string name = tokens.Take().Value;
                tokens.Take();
                named.Add((name, expressions.Parse()));
            }
            else if (named.Count == 0 && more is null && moreNamed is null)
            {
                positional.Add(expressions.Parse());
            }
            else
            {
                throw tokens.Error("invalid syntax for function call expression");
            }
        }
        tokens.ExpectOperator(")");
        return new ArgumentList(positional, named, more, moreNamed);
    }
}
