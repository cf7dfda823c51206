using Gemma4.Engine.StructuredOutput.Automata;

namespace Gemma4.Engine.StructuredOutput.Patterns;

/// <summary>Patterns to expressions over the bytes of a spelled string.</summary>
internal static class PatternCompiler
{
    /// <summary>Longer repetitions of something with an anchor inside are refused.</summary>
    private const int MaxUnrolled = 16;

    /// <summary>The texts in which the pattern is found somewhere, as JSON Schema has it.</summary>
    /// <exception cref="PatternException">It is malformed or cannot be done.</exception>
    public static Rx Search(PatternNode pattern, TextCoding coding)
    {
        RxBuilder rx = coding.Rx;
        if (!pattern.DependsOnPlace)
            return rx.Concat(coding.AnyText, Plain(pattern, coding), coding.AnyText);
        Compilation compilation = new(coding);
        Rx atStart = compilation.Compile(pattern, coding.AnyText, true);
        Rx later = BeginsAtStart(pattern) ? rx.Nothing : compilation.Compile(pattern, coding.AnyText, false);
        return rx.Or(atStart, rx.Concat(coding.AnyCharacter, coding.AnyText, later));
    }

    /// <summary>The texts that the pattern matches from start to end.</summary>
    /// <exception cref="PatternException">It is malformed or cannot be done.</exception>
    public static Rx Whole(PatternNode pattern, TextCoding coding) =>
        pattern.DependsOnPlace ? new Compilation(coding).Compile(pattern, coding.Rx.Empty, true) : Plain(pattern, coding);

    private static bool BeginsAtStart(PatternNode pattern) =>
        pattern is PatternNode.Start or PatternNode.Sequence { Parts: [PatternNode.Start, ..] };

    private static Rx Plain(PatternNode node, TextCoding coding)
    {
        coding.Rx.Budget.Descend();
        return node switch
        {
            PatternNode.Set set => coding.Encode(set.Members),
            PatternNode.Sequence sequence => coding.Rx.Concat([.. sequence.Parts.Select(p => Plain(p, coding))]),
            PatternNode.Choice choice => coding.Rx.Or([.. choice.Options.Select(p => Plain(p, coding))]),
            PatternNode.Repeat repeat => coding.Rx.Repeat(Plain(repeat.Part, coding), repeat.Min, repeat.Max),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>Compiles what depends on its place: each node is given the expression of all that follows it.</summary>
    private sealed class Compilation(TextCoding coding)
    {
        private readonly RxBuilder _rx = coding.Rx;

        public Rx Compile(PatternNode node, Rx rest, bool atStart)
        {
            _rx.Budget.Descend();
            if (!node.DependsOnPlace)
                return _rx.Concat(Plain(node, coding), rest);
            switch (node)
            {
                case PatternNode.Start:
                    return atStart ? rest : _rx.Nothing;
                case PatternNode.End:
                    return rest.Nullable ? _rx.Empty : _rx.Nothing;
                case PatternNode.Ahead ahead:
                    Rx seen = Compile(ahead.Part, coding.AnyText, atStart);
                    return _rx.And(rest, ahead.Negative ? _rx.Not(seen) : seen);
                case PatternNode.Choice choice:
                    return _rx.Or([.. choice.Options.Select(o => Compile(o, rest, atStart))]);
                case PatternNode.Repeat repeat:
                    return CompileRepeat(repeat, rest, atStart);
                case PatternNode.Sequence sequence:
                    return CompileSequence(sequence.Parts.AsSpan(), rest, atStart);
                default:
                    throw new System.Diagnostics.UnreachableException();
            }
        }

        private Rx CompileSequence(ReadOnlySpan<PatternNode> parts, Rx rest, bool atStart)
        {
            _rx.Budget.Descend();
            if (parts.IsEmpty)
                return rest;
            PatternNode first = parts[0];
            ReadOnlySpan<PatternNode> others = parts[1..];
            if (!first.IsNullable || !atStart)
                return Compile(first, CompileSequence(others, rest, false), atStart);
            if (!first.DependsOnPlace)
            {
                // It may match nothing, and then what follows is still at the start.
                return _rx.Or(Compile(first, CompileSequence(others, rest, false), true), CompileSequence(others, rest, true));
            }
            switch (first)
            {
                case PatternNode.Sequence sequence:
                    _rx.Budget.Charge(sequence.Parts.Length + others.Length);
                    return CompileSequence([.. sequence.Parts, .. others], rest, true);
                case PatternNode.Choice choice:
                    Rx[] options = new Rx[choice.Options.Length];
                    _rx.Budget.Charge((long)options.Length * (1 + others.Length));
                    for (int i = 0; i < options.Length; i++)
                        options[i] = CompileSequence([choice.Options[i], .. others], rest, true);
                    return _rx.Or(options);
                case PatternNode.Repeat repeat:
                    // Only the case of no repetition leaves the start behind nothing.
                    Rx none = repeat.Min == 0 ? CompileSequence(others, rest, true) : _rx.Nothing;
                    return _rx.Or(none, CompileRepeat(repeat, CompileSequence(others, rest, false), true));
                default:
                    return Compile(first, CompileSequence(others, rest, true), true);
            }
        }

        private Rx CompileRepeat(PatternNode.Repeat repeat, Rx rest, bool atStart)
        {
            if (repeat.Max == int.MaxValue && repeat.Min == 0 && repeat.Part.MaxLength == 0)
                return rest;
            if (repeat.Max > MaxUnrolled)
                throw new PatternException("an anchor or a look-ahead inside an unbounded repetition is not supported");
            Rx result = repeat.Min == 0 ? rest : _rx.Nothing;
            for (int count = Math.Max(repeat.Min, 1); count <= repeat.Max; count++)
                result = _rx.Or(result, CompileSequence([.. Enumerable.Repeat(repeat.Part, count)], rest, atStart));
            return result;
        }
    }
}
