using System.Text.Json;
using Gemma4.Engine.Parsing;
using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Engine.Tokenization;
using Gemma4.Verification;
using Gemma4.Testing;
using Json.Schema;
using Xunit;

namespace Gemma4.Engine.Tests.StructuredOutput.Constraints;

/// <summary>Calls that a model of chance makes under the tools' grammar, read by the parser that reads the real ones.</summary>
public sealed class ToolCallRandomModelTests
{
    private const int NumOutputs = 60;
    private const int MaxTokens = 300;

    private const string Schema = """
        {"type":"object","properties":{"city":{"type":"string","maxLength":12},"days":{"type":"integer","minimum":1,"maximum":14},
        "mode":{"enum":["fast","slow <b>","a\"b"]},"flags":{"type":"array","items":{"type":["boolean","null"]},"maxItems":3},
        "place":{"type":"object","properties":{"lat":{"type":"number","minimum":-90,"maximum":90}},"required":["lat"],"additionalProperties":false}},
        "required":["city","mode"],"additionalProperties":false}
        """;

    [Fact]
    public void Calls_come_back_from_the_parser_as_arguments_that_satisfy_the_schema()
    {
        Tokenizer tokenizer = Tokenizer.Load(Path.Combine(RepositoryPaths.DemoModel, "tokenizer.json"));
        JsonElement parameters = JsonElement.Parse(Schema);
        ITokenConstraintSource source = new ConstraintCompiler(tokenizer).Compiled(new ConstraintSpec.ToolCalls([new("go", parameters, IsStrict: true)], ToolCallMode.Required, IsParallel: true));
        ParsingCaseRunner reader = new(tokenizer);
        ParserOptions options = new() { Tools = [new ToolDeclaration("go", parameters)] };
        JsonSchema validator = JsonSchema.FromText(Schema);
        int numCalls = 0;
        for (int seed = 0; seed < NumOutputs; seed++)
        {
            if (Say(source.Create(), tokenizer, new Random(seed)) is not { } tokens)
                continue;
            ParsedAnswer answer = reader.Parse(options, tokens);
            Assert.True(string.IsNullOrEmpty(answer.Content), $"seed {seed}: {answer.Content} is left of {tokenizer.Decode([.. tokens])}");
            Assert.NotEmpty(answer.Calls);
            foreach (ParsedAnswer.Call call in answer.Calls)
            {
                numCalls++;
                Assert.True(call.IsComplete);
                Assert.True(validator.Evaluate(JsonElement.Parse(call.Arguments)).IsValid, $"seed {seed}: {call.Arguments} of {tokenizer.Decode([.. tokens])}");
            }
        }
        Assert.InRange(numCalls, NumOutputs / 2, int.MaxValue);
    }

    /// <summary>Null when the model did not come to an end in time.</summary>
    private static List<int>? Say(ITokenConstraint constraint, Tokenizer tokenizer, Random random)
    {
        uint[] mask = new uint[(tokenizer.VocabularySize + 31) / 32];
        List<int> tokens = [];
        while (tokens.Count < MaxTokens)
        {
            Assert.True(constraint.TryFillMask(mask));
            int[] allowed = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(t => (mask[t >> 5] >> (t & 31) & 1) != 0)];
            // Control tokens are few among many; half of the time one of them is taken where one may come.
            int[] control = [.. allowed.Where(tokenizer.IsSpecial)];
            int token = control.Length > 0 && random.Next(2) == 0 ? control[random.Next(control.Length)] : allowed[random.Next(allowed.Length)];
            bool goesOn = constraint.Accept(token);
            if (token != tokenizer.Special.TurnEnd && token != tokenizer.Special.Eos && token != tokenizer.Special.ToolResponseStart)
                tokens.Add(token);
            if (!goesOn)
                return tokens;
        }
        return null;
    }
}
