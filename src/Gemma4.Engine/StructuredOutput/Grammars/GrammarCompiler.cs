using Gemma4.Engine.StructuredOutput.Automata;
using Gemma4.Engine.StructuredOutput.Patterns;

namespace Gemma4.Engine.StructuredOutput.Grammars;

/// <summary>A written grammar to frames. Whatever does not recur becomes one lexeme, so that little is left to the stack.</summary>
internal sealed class GrammarCompiler
{
    private readonly GrammarBuilder _builder;
    private readonly GrammarText _text;
    private readonly TextCoding _coding;
    private readonly GrammarAnalysis _analysis;
    private readonly Dictionary<string, GrammarRule> _rules = [];
    private readonly Dictionary<string, Rx> _regular = [];
    private readonly Rx _ignored;

    private GrammarCompiler(GrammarBuilder builder, GrammarText text)
    {
        _builder = builder;
        _text = text;
        _coding = new(builder.Rx, json: false);
        _analysis = new(text, builder.Budget);
        builder.AnyTextCharacter.Add(_coding.AnyCharacter);
        _ignored = builder.Rx.Empty;
        _ignored = builder.Rx.Repeat(builder.Rx.Or([.. text.Ignored.Select(i => Regular(i, inTerminal: true))]), 0, Rx.Unbounded);
    }

    /// <exception cref="ConstraintException">A rule is missing or left-recursive, or nothing matches.</exception>
    public static Frame Compile(GrammarBuilder builder, GrammarText text)
    {
        GrammarCompiler compiler = new(builder, text);
        GrammarRule root = new(builder);
        root.Add([.. compiler.Symbols(new GrammarNode.Reference(text.Root, "line 1, column 1"))]);
        return root.Frame;
    }

    private IEnumerable<GrammarSymbol> Symbols(GrammarNode node)
    {
        _builder.Budget.Descend();
        if (_analysis.IsRegular(node))
            return Lexemes(Regular(node, inTerminal: false));
        switch (node)
        {
            case GrammarNode.Sequence sequence:
                return Grouped(sequence).SelectMany(Symbols);
            case GrammarNode.Reference reference:
                return [GrammarSymbol.Of(Rule(reference.Name).Frame)];
            case GrammarNode.Choice choice:
                GrammarRule options = new(_builder);
                foreach (GrammarNode option in choice.Options)
                    options.Add([.. Symbols(option)]);
                return [GrammarSymbol.Of(options.Frame)];
            case GrammarNode.Repeat repeat:
                return Repeat(repeat);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>Neighbours that do not recur are one lexeme.</summary>
    private IEnumerable<GrammarNode> Grouped(GrammarNode.Sequence sequence)
    {
        List<GrammarNode> regular = [];
        foreach (GrammarNode part in sequence.Parts)
        {
            if (_analysis.IsRegular(part))
            {
                regular.Add(part);
                continue;
            }
            if (regular.Count > 0)
                yield return new GrammarNode.Sequence([.. regular]);
            regular.Clear();
            yield return part;
        }
        if (regular.Count > 0)
            yield return new GrammarNode.Sequence([.. regular]);
    }

    private IEnumerable<GrammarSymbol> Repeat(GrammarNode.Repeat repeat)
    {
        GrammarSymbol[] part = [.. Symbols(repeat.Part)];
        int copies = repeat.Max == int.MaxValue ? repeat.Min : repeat.Max;
        _builder.Budget.Charge((long)copies * (1 + part.Length));
        _builder.Budget.KeepForGood((long)copies * 16 * part.Length);
        GrammarRule? rest = null;
        if (repeat.Max == int.MaxValue)
        {
            rest = new(_builder);
            rest.Add();
            rest.Add([.. part, GrammarSymbol.Of(rest.Frame)]);
        }
        else
        {
            for (int i = repeat.Min; i < repeat.Max; i++)
            {
                GrammarRule optional = new(_builder);
                optional.Add();
                optional.Add(rest is null ? part : [.. part, GrammarSymbol.Of(rest.Frame)]);
                rest = optional;
            }
        }
        IEnumerable<GrammarSymbol> symbols = Enumerable.Repeat(part, repeat.Min).SelectMany(p => p);
        return rest is null ? symbols : symbols.Append(GrammarSymbol.Of(rest.Frame));
    }

    private IEnumerable<GrammarSymbol> Lexemes(Rx rx)
    {
        if (!(_builder.Rx.IsLive(rx) ?? throw _builder.Budget.TooHard()))
            throw new ConstraintException(_builder.Budget.Place, "a part of the grammar matches nothing");
        if (rx == _builder.Rx.Empty)
            return [];
        GrammarSymbol lexeme = GrammarSymbol.Of(_builder.Lexer.Lexeme(rx));
        if (!rx.Nullable)
            return [lexeme];
        GrammarRule optional = new(_builder);
        optional.Add();
        optional.Add(lexeme);
        return [GrammarSymbol.Of(optional.Frame)];
    }

    private GrammarRule Rule(string name)
    {
        if (_rules.TryGetValue(name, out GrammarRule? known))
            return known;
        GrammarRule rule = _rules[name] = new(_builder);
        _builder.Budget.Place = _text.Rules[name].Place;
        rule.Add([.. Symbols(_text.Rules[name].Node)]);
        return rule;
    }

    /// <summary>The expression of something that does not recur; outside terminals, what is ignored may stand before each terminal.</summary>
    private Rx Regular(GrammarNode node, bool inTerminal)
    {
        RxBuilder rx = _builder.Rx;
        rx.Budget.Descend();
        switch (node)
        {
            case GrammarNode.Terminal terminal:
                Rx own = Whole(terminal.Pattern);
                return inTerminal ? own : rx.Concat(_ignored, own);
            case GrammarNode.Sequence sequence:
                return rx.Concat([.. sequence.Parts.Select(p => Regular(p, inTerminal))]);
            case GrammarNode.Choice choice:
                return rx.Or([.. choice.Options.Select(o => Regular(o, inTerminal))]);
            case GrammarNode.Repeat repeat:
                return rx.Repeat(Regular(repeat.Part, inTerminal), repeat.Min, repeat.Max);
            case GrammarNode.Reference reference when !inTerminal && _text.Terminals.Contains(reference.Name):
                return rx.Concat(_ignored, Regular(reference, inTerminal: true));
            case GrammarNode.Reference reference:
                string key = $"{inTerminal} {reference.Name}";
                if (!_regular.TryGetValue(key, out Rx? known))
                    _regular.Add(key, known = Regular(_text.Rules[reference.Name].Node, inTerminal));
                return known;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private Rx Whole(PatternNode pattern)
    {
        try
        {
            return PatternCompiler.Whole(pattern, _coding);
        }
        catch (PatternException e)
        {
            throw new ConstraintException("", e.Message);
        }
    }
}
