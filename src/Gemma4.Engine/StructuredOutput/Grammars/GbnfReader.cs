using Gemma4.Engine.StructuredOutput.Patterns;

namespace Gemma4.Engine.StructuredOutput.Grammars;

/// <summary>GBNF as llama.cpp documents it: <c>name ::= "text" [class] other* | (group)? {2,3}</c>, comments from <c>#</c>, root rule <c>root</c>.</summary>
internal sealed class GbnfReader(string text) : GrammarReader(text)
{
    /// <exception cref="ConstraintException">It is malformed.</exception>
    public GrammarText Read()
    {
        Dictionary<string, (GrammarNode, string)> rules = [];
        Skip(lines: true);
        while (!AtEnd)
        {
            string place = Place;
            string name = ReadName();
            Skip(lines: false);
            if (!TryRead("::="))
                throw Error("'::=' is expected");
            if (!rules.TryAdd(name, (ReadChoice(() => ReadPart(nested: false), () => SkipWithin(nested: false)), place)))
                throw new ConstraintException(place, $"the rule '{name}' is given twice");
            Skip(lines: true);
        }
        return new("root", rules, [], new HashSet<string>());
    }

    private GrammarNode? ReadPart(bool nested)
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
            else if (TryRead("{") && ReadCount('}') is var (min, max))
                part = new GrammarNode.Repeat(part, min, max);
            else
                break;
        }
        return part;
    }

    private GrammarNode? ReadAtom()
    {
        if (TryRead("\""))
            return ReadQuoted(() => false);
        if (TryRead("["))
        {
            int at = At;
            CodePointSet set = Try(() => PatternClass.Parse(Text, ref at));
            At = at;
            return new GrammarNode.Terminal(new PatternNode.Set(set));
        }
        if (TryRead("."))
            return new GrammarNode.Terminal(new PatternNode.Set(CodePointSet.All));
        if (TryRead("("))
        {
            GrammarNode inner = ReadChoice(() => ReadPart(nested: true), () => SkipWithin(nested: true));
            return TryRead(")") ? inner : throw Error("a group is not closed");
        }
        if (AtEnd || !(char.IsAsciiLetterOrDigit(Current) || Current is '_' or '-'))
            return null;
        string place = Place;
        return new GrammarNode.Reference(ReadName(), place);
    }

    /// <summary>Within a group lines go on; otherwise a rule ends with its line, unless the next begins with a bar.</summary>
    private void SkipWithin(bool nested)
    {
        Skip(nested);
        int back = At;
        Skip(lines: true);
        if (Current != '|' && !nested)
            At = back;
    }

    private void Skip(bool lines)
    {
        while (!AtEnd)
        {
            if (Current == '#')
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
