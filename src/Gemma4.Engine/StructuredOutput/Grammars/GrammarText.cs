using System.Collections.Immutable;
using Gemma4.Engine.StructuredOutput.Patterns;

namespace Gemma4.Engine.StructuredOutput.Grammars;

/// <summary>A context-free grammar as its author wrote it.</summary>
/// <param name="Root">The rule that is the whole text.</param>
/// <param name="Rules">By name.</param>
/// <param name="Ignored">Between terminals, any number of these may stand.</param>
/// <param name="Terminals">Rules that are read as one piece, within which nothing is ignored.</param>
internal sealed record GrammarText(
    string Root, IReadOnlyDictionary<string, (GrammarNode Node, string Place)> Rules, ImmutableArray<GrammarNode> Ignored, IReadOnlySet<string> Terminals)
{
    /// <summary>Reads GBNF, which is known by its <c>::=</c>, or Lark.</summary>
    /// <exception cref="ConstraintException">It is malformed.</exception>
    public static GrammarText Parse(string text) =>
        text.Contains("::=", StringComparison.Ordinal) ? new GbnfReader(text).Read() : new LarkReader(text).Read();
}

/// <summary>The right side of a rule.</summary>
internal abstract record GrammarNode
{
    private GrammarNode()
    {
    }

    /// <summary>Something without rules inside: text, a character, a pattern.</summary>
    public sealed record Terminal(PatternNode Pattern) : GrammarNode;

    /// <summary>Another rule.</summary>
    public sealed record Reference(string Name, string Place) : GrammarNode;

    /// <summary>One after the other.</summary>
    public sealed record Sequence(ImmutableArray<GrammarNode> Parts) : GrammarNode;

    /// <summary>One of them.</summary>
    public sealed record Choice(ImmutableArray<GrammarNode> Options) : GrammarNode;

    /// <summary>So many times; int.MaxValue is without end.</summary>
    public sealed record Repeat(GrammarNode Part, int Min, int Max) : GrammarNode;
}
