using Gemma4.Engine.Chat.Jinja.Nodes;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Syntax;

/// <summary>Reads a template: text, prints and statements.</summary>
internal sealed class TemplateParser
{
    private static readonly LiteralExpression NoInput = new(0, NoneValue.Instance);

    private readonly TokenReader _tokens;
    private readonly ExpressionParser _expressions;
    private int _loops; // around what is being read, within the same macro

    private TemplateParser(string source)
    {
        _tokens = new TokenReader(Lexer.Tokenize(source));
        _expressions = new ExpressionParser(_tokens);
    }

    /// <exception cref="ChatTemplateException">The text is not a template.</exception>
    public static Block Parse(string source)
    {
        var parser = new TemplateParser(source);
        Block template = parser.ParseUntil();
        parser._expressions.ThrowIfUnknown();
        return template;
    }

    /// <summary>Statements up to a tag of one of these names, of which the name is left to be read; or to the end, for none.</summary>
    private Block ParseUntil(params ReadOnlySpan<string> ends)
    {
        _tokens.Enter();
        var statements = new List<Statement>();
        while (true)
        {
            Token token = _tokens.Take();
            switch (token.Kind)
            {
                case TokenKind.End when ends.Length == 0:
                    _tokens.Leave();
                    return new Block(statements);
                case TokenKind.End:
                    throw TokenReader.Error($"Unexpected end of template. Looking for '{string.Join("' or '", ends!)}'.", token.Line);
                case TokenKind.Text:
                    statements.Add(new TextStatement(token.Line, token.Value));
                    break;
                case TokenKind.VariableBegin:
                    Expression expression = _expressions.ParseTuple();
                    _tokens.Expect(TokenKind.VariableEnd, "end of print statement");
                    statements.Add(new PrintStatement(token.Line, expression));
                    break;
                default:
                    if (_tokens.Current.Kind == TokenKind.Name && ends.Contains(_tokens.Current.Value))
                    {
                        _tokens.Leave();
                        return new Block(statements);
                    }
                    statements.Add(ParseStatement());
                    _tokens.Expect(TokenKind.BlockEnd, "end of statement block");
                    break;
            }
        }
    }

    private Statement ParseStatement()
    {
        Token tag = _tokens.Expect(TokenKind.Name, "tag name");
        int line = tag.Line;
        switch (tag.Value)
        {
            case "if":
                return ParseIf(line);
            case "for":
                return Unconditionally(() => ParseFor(line));
            case "set":
                return ParseSet(line);
            case "macro":
                return Unconditionally(() => ParseMacro(line));
            case "call":
                return ParseCall(line);
            case "filter":
                return ParseFilterBlock(line);
            case "with":
                return Unconditionally(() => ParseWith(line));
            case "block":
                string name = _tokens.Expect(TokenKind.Name, "name of the block").Value;
                _tokens.TrySkipName("scoped");
                _tokens.TrySkipName("required");
                return Unconditionally(() => new ScopeStatement(line, [], ParseBody("endblock", name)));
            case "generation":
                return Unconditionally(() => new ScopeStatement(line, [], ParseBody("endgeneration")));
            case "break" or "continue":
                if (_loops == 0)
                    throw TokenReader.Error($"'{tag.Value}' outside loop", line);
                return new JumpStatement(line, tag.Value == "break" ? Flow.Break : Flow.Continue);
            case "include" or "import" or "from" or "extends":
                throw TokenReader.Error($"'{tag.Value}' is not available: a chat template is one file", line);
            default:
                throw TokenReader.Error($"Encountered unknown tag '{tag.Value}'.", line);
        }
    }

    /// <summary>The body of a tag, its end tag read up to the closing delimiter.</summary>
    private Block ParseBody(string end, string? mayRepeat = null)
    {
        _tokens.TrySkipOperator(":");
        _tokens.Expect(TokenKind.BlockEnd, "end of statement block");
        Block body = ParseUntil(end);
        _tokens.Take();
        if (mayRepeat is not null)
            _tokens.TrySkipName(mayRepeat);
        return body;
    }

    private IfStatement ParseIf(int line)
    {
        bool wasConditional = _expressions.IsConditional;
        _expressions.IsConditional = true;
        var branches = new List<(Expression, Block)>();
        Block? otherwise = null;
        while (true)
        {
            Expression condition = _expressions.ParseTuple(allowConditional: false);
            branches.Add((condition, ParseBranch("elif", "else", "endif")));
            string end = _tokens.Take().Value;
            if (end == "elif")
                continue;
            if (end == "else")
            {
                otherwise = ParseBranch("endif");
                _tokens.Take();
            }
            _expressions.IsConditional = wasConditional;
            return new IfStatement(line, branches, otherwise);
        }
    }

    private Block ParseBranch(params ReadOnlySpan<string> ends)
    {
        _tokens.TrySkipOperator(":");
        _tokens.Expect(TokenKind.BlockEnd, "end of statement block");
        return ParseUntil(ends);
    }

    private ForStatement ParseFor(int line)
    {
        Target target = ParseTarget(allowAttribute: false, endName: "in");
        _tokens.ExpectName("in");
        Expression items = _expressions.ParseTuple(allowConditional: false, endName: "recursive");
        Expression? condition = _tokens.TrySkipName("if") ? _expressions.Parse() : null;
        bool isRecursive = _tokens.TrySkipName("recursive");
        _loops++;
        Block body = ParseBranch("endfor", "else");
        _loops--;
        Block? otherwise = null;
        if (_tokens.Take().Value == "else")
        {
            otherwise = ParseBranch("endfor");
            _tokens.Take();
        }
        return new ForStatement(line, target, items, condition, isRecursive, body, otherwise);
    }

    private Statement ParseSet(int line)
    {
        Target target = ParseTarget(allowAttribute: true);
        if (_tokens.TrySkipOperator("="))
            return new SetStatement(line, target, _expressions.ParseTuple());
        List<FilterExpression> filters = _tokens.TrySkipOperator("|") ? ParseFilters() : [];
        return Unconditionally(() => new SetBlockStatement(line, target, filters, ParseBody("endset")));
    }

    private List<FilterExpression> ParseFilters()
    {
        var filters = new List<FilterExpression>();
        do
            filters.Add(_expressions.ParseFilter(NoInput));
        while (_tokens.TrySkipOperator("|"));
        return filters;
    }

    private FilterStatement ParseFilterBlock(int line)
    {
        List<FilterExpression> filters = ParseFilters();
        return Unconditionally(() => new FilterStatement(line, filters, ParseBody("endfilter")));
    }

    private MacroStatement ParseMacro(int line)
    {
        string name = ParseTargetName();
        return new MacroStatement(line, ParseDefinition(name, ParseParameters(), "endmacro"));
    }

    private CallStatement ParseCall(int line)
    {
        List<(string, Expression?)> parameters = _tokens.Current.IsOperator("(") ? ParseParameters() : [];
        if (_expressions.Parse() is not CallExpression call)
            throw _tokens.Error("expected call");
        return Unconditionally(() => new CallStatement(line, call, ParseDefinition(null, parameters, "endcall")));
    }

    private MacroDefinition ParseDefinition(string? name, List<(string, Expression?)> parameters, string end)
    {
        var uses = new HashSet<string>();
        _expressions.MacroUses.Add(uses);
        int loops = _loops;
        _loops = 0;
        Block body = ParseBody(end);
        _loops = loops;
        _expressions.MacroUses.Remove(uses);
        return new MacroDefinition(name, parameters, body, uses);
    }

    private List<(string Name, Expression? Default)> ParseParameters()
    {
        var parameters = new List<(string Name, Expression? Default)>();
        var names = new HashSet<string>();
        _tokens.ExpectOperator("(");
        while (!_tokens.Current.IsOperator(")"))
        {
            if (parameters.Count > 0)
                _tokens.ExpectOperator(",");
            string name = ParseTargetName();
            if (!names.Add(name))
                throw _tokens.Error($"duplicate argument '{name}'");
            Expression? otherwise = _tokens.TrySkipOperator("=") ? _expressions.Parse() : null;
            if (otherwise is null && parameters.Count > 0 && parameters[^1].Default is not null)
                throw _tokens.Error("non-default argument follows default argument");
            parameters.Add((name, otherwise));
        }
        _tokens.ExpectOperator(")");
        return parameters;
    }

    private ScopeStatement ParseWith(int line)
    {
        var variables = new List<(Target, Expression)>();
        while (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (variables.Count > 0)
                _tokens.ExpectOperator(",");
            Target target = ParseOneTarget(allowAttribute: false);
            _tokens.ExpectOperator("=");
            variables.Add((target, _expressions.Parse()));
        }
        return new ScopeStatement(line, variables, ParseBody("endwith"));
    }

    private Target ParseTarget(bool allowAttribute, string? endName = null)
    {
        var targets = new List<Target> { ParseOneTarget(allowAttribute) };
        bool isTuple = false;
        while (_tokens.TrySkipOperator(","))
        {
            isTuple = true;
            if (_tokens.Current.IsOperator("=") || _tokens.Current.Kind == TokenKind.BlockEnd || (endName is not null && _tokens.Current.IsName(endName)))
                break;
            targets.Add(ParseOneTarget(allowAttribute));
        }
        return isTuple ? new TupleTarget(targets) : targets[0];
    }

    private Target ParseOneTarget(bool allowAttribute)
    {
        if (_tokens.TrySkipOperator("("))
        {
            _tokens.Enter();
            Target inner = ParseTarget(allowAttribute);
            _tokens.Leave();
            _tokens.ExpectOperator(")");
            return inner;
        }
        string name = ParseTargetName();
        return allowAttribute && _tokens.TrySkipOperator(".")
            ? new AttributeTarget(name, _tokens.Expect(TokenKind.Name, "a name").Value)
            : new NameTarget(name);
    }

    private string ParseTargetName()
    {
        Token token = _tokens.Expect(TokenKind.Name, "a name");
        if (token.Value is "true" or "True" or "false" or "False" or "none" or "None")
            throw TokenReader.Error($"can't assign to '{token.Value}'", token.Line);
        return token.Value;
    }

    /// <summary>Reads something whose inside surely runs when it is reached, as jinja2 judges it.</summary>
    private T Unconditionally<T>(Func<T> parse)
    {
        bool wasConditional = _expressions.IsConditional;
        _expressions.IsConditional = false;
        T result = parse();
        _expressions.IsConditional = wasConditional;
        return result;
    }
}
