using System.Numerics;
using System.Text;
using System.Text.Json;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Engine.StructuredOutput.Automata;
using Gemma4.Engine.StructuredOutput.Constraints;
using Json.Schema;
using Xunit;

namespace Gemma4.Engine.Tests.StructuredOutput;

/// <summary>A model that says anything the mask allows, under schemas of chance: whatever it finishes validates, and it can always go on.</summary>
public sealed class RandomModelTests
{
    private const int NumSchemas = 400;
    private const int OutputsPerSchema = 6;
    private const int MaxTokens = 400;

    private static readonly EvaluationOptions Options = new() { RequireFormatValidation = true };

    [Theory]
    [InlineData(PropertyOrder.Schema, JsonWhitespace.Compact, 1)]
    [InlineData(PropertyOrder.Any, JsonWhitespace.Json, 100_000)]
    public void Every_finished_output_validates(PropertyOrder order, JsonWhitespace whitespace, int firstSeed)
    {
        int compiled = 0, finished = 0;
        for (int seed = firstSeed; seed < firstSeed + NumSchemas; seed++)
        {
            Random random = new(seed);
            string schema = new RandomSchema(random).Next().ToJsonString();
            CompiledGrammar grammar;
            try
            {
                grammar = TestVocabulary.Compiler(order).CompiledNew(new ConstraintSpec.JsonSchema(JsonElement.Parse(schema), whitespace));
            }
            catch (ConstraintException)
            {
                continue;
            }
            compiled++;
            JsonSchema validator = JsonSchema.FromText(schema);
            for (int i = 0; i < OutputsPerSchema; i++)
            {
                if (Say(grammar, random, $"seed {seed}, {schema}") is not { } text)
                    continue;
                finished++;
                Assert.True(IsValid(validator, text), $"seed {seed}: {text} does not satisfy {schema}");
            }
        }
        Assert.InRange(compiled, NumSchemas / 2, NumSchemas);
        Assert.InRange(finished, compiled * OutputsPerSchema / 2, compiled * OutputsPerSchema);
    }

    private static bool IsValid(JsonSchema validator, string text)
    {
        using JsonDocument instance = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 256 });
        return validator.Evaluate(instance.RootElement, Options).IsValid;
    }

    /// <summary>Null when the model did not come to an end in time.</summary>
    private static string? Say(CompiledGrammar grammar, Random random, string place)
    {
        uint[] mask = new uint[(TestVocabulary.Size + 31) / 32];
        List<byte> text = [];
        MachineState state = grammar.Start;
        for (int step = 0; step < MaxTokens; step++)
        {
            grammar.Fill(state, mask);
            // The validator counts UTF-16 units in patterns and grapheme clusters in lengths, so characters where that differs from code
            // points are left out; PatternCompilerTests has those.
            int[] allowed = [.. Allowed(mask).Where(t => TestVocabulary.Bytes(t) is not ([>= 0x80] or [>= 0xF0, ..]))];
            Assert.True(allowed.Length > 0 || state.CanEnd, $"{place}: no way on after {Encoding.UTF8.GetString([.. text])}");
            if (allowed.Length == 0 || (state.CanEnd && random.Next(2) == 0))
                return Encoding.UTF8.GetString([.. text]);
            // Closing what is open is as likely as all else together, or nothing would ever end.
            int[] closing = [.. allowed.Where(t => TestVocabulary.Bytes(t) is [(byte)'"' or (byte)'}' or (byte)']', ..])];
            int token = closing.Length > 0 && random.Next(2) == 0 ? closing[random.Next(closing.Length)] : allowed[random.Next(allowed.Length)];
            text.AddRange(TestVocabulary.Bytes(token));
            state = grammar.Step(state, token);
        }
        return null;
    }

    private static IEnumerable<int> Allowed(uint[] mask)
    {
        for (int word = 0; word < mask.Length; word++)
        {
            for (uint bits = mask[word]; bits != 0; bits &= bits - 1)
                yield return word * 32 + BitOperations.TrailingZeroCount(bits);
        }
    }
}
