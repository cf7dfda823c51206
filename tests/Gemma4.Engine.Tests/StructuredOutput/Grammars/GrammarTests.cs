using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput;
using Xunit;

namespace Gemma4.Engine.Tests.StructuredOutput.Grammars;

public sealed class GrammarTests
{
    private const string GbnfSum = """
        # sums with brackets
        root   ::= term (("+" | "-") term)*
        term   ::= number | "(" root ")"
        number ::= [0-9]+ ("." [0-9]{1,2})?
        """;

    private const string LarkSum = """
        // the same, with blanks
        start: term (OP term)*
        term: NUMBER | "(" start ")"   -> bracketed
        OP: "+" | "-"
        %import common.NUMBER
        %import common.WS
        %ignore WS
        """;

    [Theory]
    [InlineData("1+2", true)]
    [InlineData("(1-(2.5+3))-4", true)]
    [InlineData("((((((((1))))))))", true)]
    [InlineData("1+", false)]
    [InlineData("(1", false)]
    [InlineData("1.234", false)]
    [InlineData("", false)]
    public void Gbnf_is_followed(string text, bool allowed) =>
        Assert.Equal(allowed, TestVocabulary.Accepts(TestVocabulary.Compiler().Compiled(new ConstraintSpec.Grammar(GbnfSum)), text));

    [Theory]
    [InlineData("1+2", true)]
    [InlineData(" 1 + ( 2\n- 3e5 )", true)]
    [InlineData("1 2", false)]
    [InlineData("(1", false)]
    public void Lark_is_followed_with_what_it_ignores(string text, bool allowed) =>
        Assert.Equal(allowed, TestVocabulary.Accepts(TestVocabulary.Compiler().Compiled(new ConstraintSpec.Grammar(LarkSum)), text));

    [Theory]
    [InlineData("root ::= \"a\\n\\u00e9\\\"\" | [^a-z]", "a\né\"", true)]
    [InlineData("root ::= \"a\\n\\u00e9\\\"\" | [^a-z]", "日", true)]
    [InlineData("root ::= \"a\\n\\u00e9\\\"\" | [^a-z]", "b", false)]
    [InlineData("root ::= x{2,3} y?\nx ::= \"a\"\ny ::= \"b\" root", "aabaaabaa", true)]
    [InlineData("root ::= x{2,3} y?\nx ::= \"a\"\ny ::= \"b\" root", "ab", false)]
    [InlineData("root ::= (\"a\" root \"b\"){0,2}", "aabbab", true)]
    [InlineData("root ::= (\"a\" root \"b\"){0,2}", "ababab", false)]
    [InlineData("root ::= \"a\"\n  | \"b\" # or\n  | \"c\"", "c", true)]
    [InlineData("start: \"Yes\"i \"!\"~1..3", "yEs!!", true)]
    [InlineData("start: \"Yes\"i \"!\"~1..3", "yes", false)]
    [InlineData("start: [A] /x[0-9]\\/+/\nA: \"a\" | B\nB: \"b\"~2", "bbx1//", true)]
    [InlineData("start: [A] /x[0-9]\\/+/\nA: \"a\" | B\nB: \"b\"~2", "bx1/", false)]
    public void Notations_have_their_parts(string grammar, string text, bool allowed) =>
        Assert.Equal(allowed, TestVocabulary.Accepts(TestVocabulary.Compiler().Compiled(new ConstraintSpec.Grammar(grammar)), text));

    [Theory]
    [InlineData("root ::= root \"a\" | \"b\"", "line 1, column 1", "begins with itself")]
    [InlineData("root ::= x\nx ::= y? x \"a\"\ny ::= \"b\"", "line 2, column 1", "begins with itself")]
    [InlineData("root ::= \"a\" missing", "line 1, column 14", "no rule 'missing'")]
    [InlineData("root ::= (\"a\"", "line 1, column 14", "not closed")]
    [InlineData("root ::= \"a\nroot2 ::= \"b\"", "line 1, column 12", "not closed")]
    [InlineData("other ::= \"a\"", "", "no rule 'root'")]
    [InlineData("root ::= \"a\" root", "line 1, column 1", "never ends")]
    [InlineData("start: \"a\"\n%declare X", "line 2, column 2", "only %ignore and %import")]
    [InlineData("start: X\n%import other.X", "line 2, column 2", "common")]
    public void Malformed_and_left_recursive_grammars_are_refused_with_their_place(string grammar, string place, string reason)
    {
        ConstraintException refusal = Assert.Throws<ConstraintException>(() => TestVocabulary.Compiler().Compiled(new ConstraintSpec.Grammar(grammar)));
        Assert.Equal(place, refusal.Path);
        Assert.Contains(reason, refusal.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Right_recursion_does_not_deepen_without_end()
    {
        ITokenConstraint constraint = TestVocabulary.Compiler().Compiled(new ConstraintSpec.Grammar("root ::= item root | \".\"\nitem ::= \"a\" | \"(\" root \")\"")).Create();
        Random random = new(3);
        for (int i = 0; i < 20_000; i++)
            Assert.True(constraint.Accept(random.Next(3) == 0 ? '(' : 'a'));
    }

    [Theory]
    [InlineData("[a-c]+|x{2}", "abc", true)]
    [InlineData("[a-c]+|x{2}", "xx", true)]
    [InlineData("[a-c]+|x{2}", "x", false)]
    [InlineData("^a\"\\\\$", "a\"\\", true)]
    [InlineData("(a|b)*", "", true)]
    [InlineData(".*ü", "anything ü", true)]
    [InlineData(".*ü", "a\nü", false)]
    public void Regex_is_followed_from_start_to_end(string pattern, string text, bool allowed) =>
        Assert.Equal(allowed, TestVocabulary.Accepts(TestVocabulary.Compiler().Compiled(new ConstraintSpec.Regex(pattern)), text));

    [Theory]
    [InlineData("yes", true)]
    [InlineData("yes, please", true)]
    [InlineData("no\n", true)]
    [InlineData("ye", false)]
    [InlineData("no", false)]
    public void Choice_is_one_of_the_texts(string text, bool allowed) =>
        Assert.Equal(allowed, TestVocabulary.Accepts(TestVocabulary.Compiler().Compiled(new ConstraintSpec.Choice(["yes", "yes, please", "no\n"])), text));

    [Fact]
    public void Nothing_to_choose_from_and_malformed_patterns_are_refused()
    {
        Assert.Throws<ConstraintException>(() => TestVocabulary.Compiler().Compiled(new ConstraintSpec.Choice([])));
        Assert.Throws<ConstraintException>(() => TestVocabulary.Compiler().Compiled(new ConstraintSpec.Regex("(a")));
        Assert.Throws<ConstraintException>(() => TestVocabulary.Compiler().Compiled(new ConstraintSpec.Regex("a$b")));
    }
}
