using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput.Automata;
using Gemma4.Engine.StructuredOutput.Constraints;
using Gemma4.Engine.StructuredOutput.Schemas;
using Gemma4.Engine.StructuredOutput.Vocabulary;
using Gemma4.Engine.Tokenization;

namespace Gemma4.Engine.StructuredOutput;

/// <summary>Makes constraints of schemas, patterns and grammars over one vocabulary, and keeps them between requests. Thread-safe.</summary>
/// <remarks>Build one at start: it sorts the vocabulary into tries (a quarter of a second and about 20 MB for 262,144 tokens).</remarks>
public sealed class ConstraintCompiler
{
    private readonly ConstraintVocabulary _vocabulary;
    private readonly ConstraintOptions _options;
    private readonly GrammarCache _cache;

    /// <summary>Sorts the vocabulary.</summary>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="options">Choices for all constraints; null takes the defaults.</param>
    public ConstraintCompiler(Tokenizer tokenizer, ConstraintOptions? options = null)
        : this(Sort(tokenizer, options), options)
    {
    }

    internal ConstraintCompiler(ConstraintVocabulary vocabulary, ConstraintOptions? options = null)
    {
        _vocabulary = vocabulary;
        _options = options ?? new();
        _cache = new(_options.CacheSize);
    }

    /// <summary>JSON that satisfies a schema.</summary>
    /// <param name="schema">Drafts 4 to 2020-12; see docs/structured-output.md for what is supported.</param>
    /// <param name="whitespace">Blanks between tokens.</param>
    /// <exception cref="ConstraintException">Something in the schema is malformed or cannot be enforced; it says what and where.</exception>
    public ITokenConstraintSource CompileJsonSchema(JsonElement schema, JsonWhitespace whitespace = JsonWhitespace.Compact) =>
        _cache.GetOrAdd($"schema {whitespace} {schema.GetRawText()}", () => CompileSchema(schema, whitespace));

    /// <summary>Compiles without looking into the cache.</summary>
    internal CompiledGrammar CompileSchema(JsonElement schema, JsonWhitespace whitespace)
    {
        if (schema.ValueKind is not (JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False))
            throw new ConstraintException("#", "a schema is an object or a boolean");
        GrammarBuilder builder = new();
        SchemaCompiler compiler = new(builder, Notation.Json(builder.Rx, whitespace), _options.PropertyOrder, schema);
        return new(builder, compiler.Compile().Frame(builder), _vocabulary);
    }

    private static ConstraintVocabulary Sort(Tokenizer tokenizer, ConstraintOptions? options)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        IEnumerable<int> endTokens = options is { EndTokenIds.Length: > 0 }
            ? options.EndTokenIds
            : ((int?[])[tokenizer.Special.TurnEnd, tokenizer.Special.Eos]).OfType<int>();
        return new(tokenizer.VocabularySize, id => tokenizer.TokenBytes(id).ToArray(), tokenizer.IsSpecial, endTokens);
    }
}
