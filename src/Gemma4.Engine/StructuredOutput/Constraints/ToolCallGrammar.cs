using System.Diagnostics;
using System.Text.Json;
using Gemma4.Engine.StructuredOutput.Automata;
using Gemma4.Engine.StructuredOutput.Grammars;
using Gemma4.Engine.StructuredOutput.Patterns;
using Gemma4.Engine.StructuredOutput.Schemas;
using Gemma4.Engine.Tokenization;

namespace Gemma4.Engine.StructuredOutput.Constraints;

/// <summary>Calls in Gemma's notation: <c>&lt;|tool_call&gt;call:NAME{key:value,…}&lt;tool_call|&gt;</c>, strings between two delimiter
/// tokens with any text inside, keys bare, no blanks. Markers and delimiters are tokens, so no text can spell them.</summary>
internal sealed class ToolCallGrammar
{
    private static readonly JsonElement AnyObject = JsonElement.Parse("""{"type":"object"}""");

    private readonly GrammarBuilder _builder;
    private readonly Notation _notation;
    private readonly SpecialTokens _special;

    public ToolCallGrammar(GrammarBuilder builder, SpecialTokens special)
    {
        _builder = builder;
        _special = special;
        if (special is { StringDelimiter: null } or { ToolCallStart: null } or { ToolCallEnd: null })
            throw new ConstraintException("", "the vocabulary has no tokens for tool calls");
        _notation = Notation.Gemma(_builder.Rx, special.StringDelimiter.Value);
    }

    /// <summary>One or more calls.</summary>
    /// <param name="tools">Those that may be called.</param>
    /// <param name="parallel">More than one call may come.</param>
    /// <param name="afterMarker">The first opening marker was already read.</param>
    /// <exception cref="ConstraintException">A strict tool's schema, or a tool's grammar, cannot be enforced; the path begins with the tool's name.</exception>
    public Frame Calls(IReadOnlyList<ToolSignature> tools, bool parallel, bool afterMarker)
    {
        if (tools.Count == 0)
            throw new ConstraintException("", "there is no tool to call");
        RxBuilder rx = _builder.Rx;
        Lexeme marker = _builder.Lexer.Lexeme(rx.ControlToken(_special.ToolCallStart!.Value));
        Lexeme end = _builder.Lexer.Lexeme(rx.ControlToken(_special.ToolCallEnd!.Value));
        GrammarRule call = new(_builder);
        foreach (ToolSignature tool in tools)
        {
            GrammarSymbol name = Of(rx.Literal($"call:{tool.Name}"));
            call.Add([name, .. tool.Input is { } input ? Input(tool.Name, input) : [GrammarSymbol.Of(Arguments(tool))], GrammarSymbol.Of(end)]);
        }
        GrammarRule calls = new(_builder);
        calls.Add(GrammarSymbol.Of(marker), GrammarSymbol.Of(call.Frame));
        if (parallel)
            calls.Add(GrammarSymbol.Of(marker), GrammarSymbol.Of(call.Frame), GrammarSymbol.Of(calls.Frame));
        if (!afterMarker)
            return calls.Frame;
        GrammarRule first = new(_builder);
        first.Add(GrammarSymbol.Of(call.Frame));
        return first.Frame;
    }

    /// <summary>One string of free text, <c>{input:"…"}</c> between delimiter tokens.</summary>
    private GrammarSymbol[] Input(string tool, ToolInput input)
    {
        RxBuilder rx = _builder.Rx;
        Rx open = rx.Concat(rx.Literal("{"), _notation.Key(ToolSignature.InputParameter)), close = rx.Literal("}");
        Rx quote = rx.ControlToken(_special.StringDelimiter!.Value);
        try
        {
            return input switch
            {
                ToolInput.Pattern pattern => [Of(rx.Concat(open, _notation.String(Whole(pattern)), close))],
                ToolInput.Grammar grammar =>
                [
                    Of(rx.Concat(open, quote)), GrammarSymbol.Of(GrammarCompiler.Compile(_builder, GrammarText.Parse(grammar.Text))), Of(rx.Concat(quote, close)),
                ],
                _ => throw new UnreachableException(),
            };
        }
        catch (ConstraintTooComplexException e)
        {
            throw new ConstraintTooComplexException($"{tool} {e.Path}", e.Reason);
        }
        catch (ConstraintException e)
        {
            throw new ConstraintException($"{tool} {e.Path}", e.Reason);
        }
        catch (PatternException e)
        {
            throw new ConstraintException(tool, e.Message);
        }
    }

    private Rx Whole(ToolInput.Pattern pattern)
    {
        _builder.AnyTextCharacter.Add(_notation.Text.AnyCharacter);
        Rx whole = PatternCompiler.Whole(PatternParser.Parse(pattern.Text), _notation.Text);
        if (!(_builder.Rx.IsLive(whole) ?? throw _builder.Budget.TooHard()))
            throw new PatternException("nothing matches");
        return whole;
    }

    private GrammarSymbol Of(Rx rx) => GrammarSymbol.Of(_builder.Lexer.Lexeme(rx));

    private ValueFrame Arguments(ToolSignature tool)
    {
        try
        {
            return Compile(tool.Parameters ?? AnyObject);
        }
        catch (ConstraintTooComplexException e)
        {
            // The price is for all tools together, so an open schema instead would not be cheaper.
            throw new ConstraintTooComplexException($"{tool.Name}{e.Path}", e.Reason);
        }
        catch (ConstraintException e) when (tool.IsStrict)
        {
            throw new ConstraintException($"{tool.Name}{e.Path}", e.Reason);
        }
        catch (ConstraintException)
        {
            // Only strict tools promise that arguments follow the schema.
            return Compile(AnyObject);
        }
    }

    private ValueFrame Compile(JsonElement schema) =>
        new SchemaCompiler(_builder, _notation, PropertyOrder.Any, schema).Compile(new SchemaRef(AnyObject, "#object")).Frame(_builder);
}
