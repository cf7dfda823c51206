using Gemma4.Engine.StructuredOutput.Patterns;

namespace Gemma4.Engine.StructuredOutput.Grammars;

/// <summary>The part of Lark that is a grammar: rules and terminals, texts, patterns, <c>* + ? ~n [ ] ( )</c>, <c>%ignore</c>, the common
/// terminals of <c>%import</c>. Root rule <c>start</c>. Names of terminals are upper case.</summary>
internal sealed class LarkReader(string text) : GrammarReader(text)
{
    private static readonly Dictionary<string, string> Common = new()
    {
        ["DIGIT"] = "[0-9]",
        ["INT"] = "[0-9]+",
        ["SIGNED_INT"] = "[+-]?[0-9]+",
        ["HEXDIGIT"] = "[0-9a-fA-F]",
        ["DECIMAL"] = "[0-9]+\\.[0-9]*|\\.[0-9]+",
        ["FLOAT"] = "([0-9]+[eE][+-]?[0-9]+|([0-9]+\\.[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?)",
        ["NUMBER"] = "([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?",
        ["SIGNED_NUMBER"] = "[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?",
        ["LETTER"] = "[A-Za-z]",
        ["UCASE_LETTER"] = "[A-Z]",
        ["LCASE_LETTER"] = "[a-z]",
        ["WORD"] = "[A-Za-z]+",
        ["CNAME"] = "[A-Za-z_][A-Za-z0-9_]*",
        ["ESCAPED_STRING"] = "\"([^\"\\\\\\n]|\\\\.)*\"",
        ["WS"] = "[ \\t\\f\\r\\n]+",
        ["WS_INLINE"] = "[ \\t]+",
        ["NEWLINE"] = "(\\r?\\n)+",
        ["LF"] = "\\n",
        ["CR"] = "\\r",
    };

    private readonly Dictionary<string, (GrammarNode, string)> _rules = [];
    private readonly HashSet<string> _terminals = [];
    private readonly List<GrammarNode> _ignored = [];

    /// <exception cref="ConstraintException">It is malformed or uses what is not supported.</exception>
    public GrammarText Read()
    {
        Skip(lines: true);
        while (!AtEnd)
        {
            if (TryRead("%"))
                ReadDirective();
            else
                ReadRule();
            Skip(lines: true);
        }
        return new("start", _rules, [.. _ignored], _terminals);
    }

    private void ReadRule()
    {
        string place = Place;
        // The marks ? and ! shape Lark's tree, which nobody builds here.
        _ = TryRead("?") || TryRead("!");
        string name = ReadName();
        if (TryRead("."))
            ReadName();
        Skip(lines: false);
        if (!TryRead(":"))
            throw Error("':' is expected");
        Add(name, ReadChoice(ReadPart, SkipWithin), place);
    }

    private void Add(string name, GrammarNode node, string place)
    {
        if (!_rules.TryAdd(name, (node, place)))
            throw new ConstraintException(place, $"the rule '{name}' is given twice");
        if (name == name.ToUpperInvariant())
            _terminals.Add(name);
    }

    private void ReadDirective()
    {
        string place = Place;
        switch (ReadName())
        {
            case "ignore":
                _ignored.Add(ReadChoice(ReadPart, SkipWithin));
                break;
            case "import":
                Skip(lines: false);
                string name = TryRead("common.") ? ReadName() : "";
                if (!Common.TryGetValue(name, out string? pattern))
                    throw new ConstraintException(place, $"only the terminals of 'common' can be imported: {string.Join(", ", Common.Keys)}");
                Skip(lines: false);
                if (TryRead("->"))
                {
                    Skip(lines: false);
                    name = ReadName();
                }
                Add(name, new GrammarNode.Terminal(PatternParser.Parse(pattern)), place);
                break;
            default:
                throw new ConstraintException(place, "only %ignore and %import are supported");
        }
    }

    private GrammarNode? ReadPart()
    {
        GrammarNode? part = ReadAtom();
        for (int depth = 0; part is not null; depth++)
        {
            CheckDepth(depth);
            if (TryRead("*"))
                part = new GrammarNode.Repeat(part, 0, int.MaxValue);
            else if (TryRead("+"))
                part = new GrammarNode.Repeat(part, 1, int.MaxValue);
            else if (TryRead("?"))
                part = new GrammarNode.Repeat(part, 0, 1);
            else if (TryRead("~"))
                part = ReadTimes(part);
            else
                break;
        }
        return part;
    }

    /// <summary>n or n..m after a tilde.</summary>
    private GrammarNode.Repeat ReadTimes(GrammarNode part)
    {
        Skip(lines: false);
        int start = At;
        string digits = ReadName();
        string upper = TryRead("..") ? ReadName() : digits;
        if (!int.TryParse(digits, out int min) || !int.TryParse(upper, out int max) || max < min || max > 1000)
        {
            At = start;
            throw Error("a count is malformed or out of range");
        }
        return new(part, min, max);
    }

    private GrammarNode? ReadAtom()
    {
        if (TryRead("\""))
            return ReadQuoted(() => TryRead("i"));
        if (Current == '/')
            return ReadPattern();
        if (TryRead("("))
        {
            GrammarNode inner = ReadChoice(ReadPart, () => Skip(lines: true));
            return TryRead(")") ? inner : throw Error("a group is not closed");
        }
        if (TryRead("["))
        {
            GrammarNode inner = ReadChoice(ReadPart, () => Skip(lines: true));
            return TryRead("]") ? new GrammarNode.Repeat(inner, 0, 1) : throw Error("an optional part is not closed");
        }
        if (TryRead("->"))
        {
            // An alias names a branch of Lark's tree.
            Skip(lines: false);
            ReadName();
            return new GrammarNode.Sequence([]);
        }
        if (AtEnd || !(char.IsAsciiLetter(Current) || Current == '_'))
            return null;
        string place = Place;
        return new GrammarNode.Reference(ReadName(), place);
    }

    private GrammarNode.Terminal ReadPattern()
    {
        int end = At + 1;
        while (end < Text.Length && Text[end] is not ('/' or '\n'))
            end += Text[end] == '\\' ? 2 : 1;
        if (end >= Text.Length || Text[end] != '/')
            throw Error("a pattern is not closed");
        string pattern = Text[(At + 1)..end].Replace("\\/", "/", StringComparison.Ordinal);
        PatternNode node = Try(() => PatternParser.Parse(pattern));
        At = end + 1;
        if (!AtEnd && char.IsAsciiLetter(Current))
            throw Error("flags of a pattern are not supported");
        return new(node);
    }

    private void SkipWithin()
    {
        Skip(lines: false);
        int back = At;
        Skip(lines: true);
        if (Current != '|')
            At = back;
    }

    private void Skip(bool lines)
    {
        while (!AtEnd)
        {
            if (Text.AsSpan(At).StartsWith("//") || Current == '#')
            {
                while (!AtEnd && Current != '\n')
                    At++;
            }
            else if (Current is ' ' or '\t' || (lines && Current is '\n' or '\r'))
            {
                At++;
            }
            else
            {
                break;
            }
        }
    }
}
