using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Engine.StructuredOutput.Constraints;
using Xunit;

namespace Gemma4.Engine.Tests.StructuredOutput;

public sealed class ConstraintCompilerTests
{
    [Fact]
    public void Compiled_grammars_are_kept_between_requests_and_the_one_longest_unused_goes_first()
    {
        ConstraintCompiler compiler = new(TestVocabulary.Create(), new() { CacheSize = 2 });
        ITokenConstraintSource a = compiler.Compiled(new ConstraintSpec.JsonSchema(Schema("string"))), b = compiler.Compiled(new ConstraintSpec.JsonSchema(Schema("integer")));
        Assert.Same(a, compiler.Compiled(new ConstraintSpec.JsonSchema(Schema("string"))));
        compiler.Compiled(new ConstraintSpec.JsonSchema(Schema("null")));
        Assert.Same(a, compiler.Compiled(new ConstraintSpec.JsonSchema(Schema("string"))));
        Assert.NotSame(b, compiler.Compiled(new ConstraintSpec.JsonSchema(Schema("integer"))));
    }

    [Fact]
    public void Blanks_are_part_of_what_is_kept()
    {
        ConstraintCompiler compiler = TestVocabulary.Compiler();
        Assert.NotSame(compiler.Compiled(new ConstraintSpec.JsonSchema(Schema("string"))), compiler.Compiled(new ConstraintSpec.JsonSchema(Schema("string"), JsonWhitespace.Json)));
    }

    [Fact]
    public void Cache_of_nothing_keeps_nothing()
    {
        GrammarCache cache = new(0, 1 << 20);
        cache.Add("a", TestVocabulary.Compiler().Compiled(ConstraintSpec.JsonSchema.AnyObject()));
        Assert.Equal(0, cache.Count);
    }

    [Fact]
    public void Many_threads_share_one_grammar()
    {
        ITokenConstraintSource source = TestVocabulary.Compiler().Compiled(new ConstraintSpec.JsonSchema(
            JsonElement.Parse("""{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"},"n":{"type":"integer"}}}}""")));
        Parallel.For(0, 8, _ =>
        {
            for (int i = 0; i < 20; i++)
                Assert.True(TestVocabulary.Accepts(source, """[{"name":"hello","n":12},{"name":"\"x\""},{}]"""));
        });
    }

    [Fact]
    public void Any_object_is_an_object()
    {
        Assert.True(TestVocabulary.Accepts(TestVocabulary.Compiler().Compiled(ConstraintSpec.JsonSchema.AnyObject()), """{"a":[1,null,{"b":"c"}]}"""));
        Assert.False(TestVocabulary.Accepts(TestVocabulary.Compiler().Compiled(ConstraintSpec.JsonSchema.AnyObject()), "[]"));
    }

    private static JsonElement Schema(string type) => JsonElement.Parse($$"""{"type":"{{type}}"}""");
}
