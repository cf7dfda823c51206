using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput.Automata;
using Gemma4.Engine.StructuredOutput.Constraints;
using Gemma4.Engine.StructuredOutput.Grammars;
using Gemma4.Engine.StructuredOutput.Patterns;
using Gemma4.Engine.StructuredOutput.Schemas;
using Gemma4.Engine.StructuredOutput.Vocabulary;
using Gemma4.Engine.Tokenization;

namespace Gemma4.Engine.StructuredOutput;

/// <summary>Makes constraints of schemas, patterns and grammars over one vocabulary, and keeps them between requests. Thread-safe.</summary>
/// <remarks>Build one at start: it sorts the vocabulary into tries (about 0.6 s and 20 MB for 262,144 tokens).</remarks>
public sealed class ConstraintCompiler
{
    private readonly ConstraintVocabulary _vocabulary;
    private readonly ConstraintOptions _options;
    private readonly GrammarCache _cache;
    private readonly LiveGrammars _live;
    private readonly SpecialTokens? _special;

    /// <summary>Sorts the vocabulary.</summary>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="options">Choices for all constraints; null takes the defaults.</param>
    public ConstraintCompiler(Tokenizer tokenizer, ConstraintOptions? options = null)
        : this(Sort(tokenizer, options), options, tokenizer.Special)
    {
    }

    internal ConstraintCompiler(ConstraintVocabulary vocabulary, ConstraintOptions? options = null, SpecialTokens? special = null)
    {
        _special = special;
        _vocabulary = vocabulary;
        _options = options ?? new();
        _cache = new(_options.CacheSize, (long)_options.Limits.CacheMegabytes << 20);
        _live = new((long)_options.Limits.MaxTotalMegabytes << 20);
    }

    private ConstraintLimits Limits => _options.Limits;

    /// <summary>The constraint, if it is kept: this costs next to nothing.</summary>
    /// <exception cref="ConstraintException">It was refused before, or is too long.</exception>
    public bool TryFind(ConstraintSpec spec, [NotNullWhen(true)] out ITokenConstraintSource? source)
    {
        ArgumentNullException.ThrowIfNull(spec);
        CheckLength(spec);
        return _cache.TryFind(spec.Key, out source);
    }

    /// <summary>The constraint, compiled on this thread if it is not kept. What a refusal found out is kept too.</summary>
    /// <param name="spec">What an answer is held to.</param>
    /// <param name="cancellation">Cancelled when nobody waits for it any more.</param>
    /// <exception cref="ConstraintException">Something in it is malformed or cannot be enforced; it says what and where. Of a tool the
    /// path begins with its name.</exception>
    /// <exception cref="ConstraintTooComplexException">It passes one of the <see cref="ConstraintLimits"/>.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="RequestRejectedException">The constraints in use leave no memory for another.</exception>
    public ITokenConstraintSource Compile(ConstraintSpec spec, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(spec);
        CheckLength(spec);
        string key = spec.Key;
        if (_cache.TryFind(key, out ITokenConstraintSource? known))
            return known;
        try
        {
            return _cache.Add(key, CompileNew(spec, cancellation));
        }
        catch (ConstraintException refusal)
        {
            _cache.AddRefusal(key, refusal);
            throw;
        }
    }

    /// <summary>Calls of tools, or instead of them an answer that is held to its own constraint; no text stands before a call.</summary>
    /// <param name="calls">What <see cref="ConstraintSpec.ToolCalls"/> that are required compile to.</param>
    /// <param name="answer">Constrains the answer.</param>
    public ITokenConstraintSource CallsOrAnswer(ITokenConstraintSource calls, ITokenConstraintSource answer) =>
        new CallsOrAnswerSource(ToolCallStart, calls, answer);

    /// <summary>Lets a thought come before the answer, which is held to <paramref name="answer"/> from the channel's close on.</summary>
    /// <param name="answer">Constrains the answer; null leaves it free, and then only the budget counts.</param>
    /// <param name="startsOpen">The prompt ends within an open channel.</param>
    /// <param name="budget">At most so many tokens of thought, then the channel is closed; null is no limit.</param>
    /// <returns><paramref name="answer"/> itself where the vocabulary has no channels.</returns>
    public ITokenConstraintSource? WithThinking(ITokenConstraintSource? answer, bool startsOpen, int? budget = null)
    {
        if (_special is not { ChannelStart: int start, ChannelEnd: int end })
            return answer;
        return new ThinkingSource(new(_vocabulary, start, end, startsOpen, budget), answer);
    }

    /// <summary>Compiles without looking into the cache.</summary>
    internal ITokenConstraintSource CompileNew(ConstraintSpec spec, CancellationToken cancellation)
    {
        _live.CheckRoom();
        WorkBudget budget = new();
        budget.Begin(Limits.Compile, cancellation);
        GrammarBuilder builder = new(budget) { Limits = Limits };
        try
        {
            return spec switch
            {
                ConstraintSpec.JsonSchema schema => Schema(builder, schema),
                ConstraintSpec.Regex regex => Text(builder, coding => PatternCompiler.Whole(PatternParser.Parse(regex.Pattern), coding)),
                ConstraintSpec.Choice choice => Text(builder, coding => coding.Rx.Or([.. choice.Texts.Select(t => coding.Rx.Literal(coding.Encode(t)))])),
                ConstraintSpec.Grammar grammar => Finish(builder, GrammarCompiler.Compile(builder, GrammarText.Parse(grammar.Text))),
                ConstraintSpec.ToolCalls calls => Calls(builder, calls),
                _ => throw new UnreachableException(),
            };
        }
        catch (PatternException e)
        {
            throw new ConstraintException("", e.Message);
        }
    }

    private int ToolCallStart =>
        _special?.ToolCallStart ?? throw new ConstraintException("", "the vocabulary has no tokens for tool calls");

    private CompiledGrammar Finish(GrammarBuilder builder, Frame root, params int[] endTokens)
    {
        CompiledGrammar grammar = new(builder, root, _vocabulary, endTokens);
        _live.Add(grammar);
        return grammar;
    }

    private CompiledGrammar Schema(GrammarBuilder builder, ConstraintSpec.JsonSchema spec)
    {
        if (spec.Schema.ValueKind is not (JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False))
            throw new ConstraintException("#", "a schema is an object or a boolean");
        SchemaCompiler compiler = new(builder, Notation.Json(builder.Rx, spec.Whitespace), _options.PropertyOrder, spec.Schema);
        return Finish(builder, compiler.Compile().Frame(builder));
    }

    private CompiledGrammar Text(GrammarBuilder builder, Func<TextCoding, Rx> expression)
    {
        TextCoding coding = new(builder.Rx, json: false);
        builder.AnyTextCharacter.Add(coding.AnyCharacter);
        Rx rx = expression(coding);
        if (!(builder.Rx.IsLive(rx) ?? throw builder.Budget.TooHard()))
            throw new ConstraintException("", "nothing matches");
        GrammarRule rule = new(builder);
        if (rx != builder.Rx.Empty)
            rule.Add(GrammarSymbol.Of(builder.Lexer.Lexeme(rx)));
        if (rx.Nullable)
            rule.Add();
        return Finish(builder, rule.Frame);
    }

    private ITokenConstraintSource Calls(GrammarBuilder builder, ConstraintSpec.ToolCalls spec)
    {
        int marker = ToolCallStart;
        int[] ends = _special!.ToolResponseStart is int response ? [response] : [];
        ToolCallGrammar grammar = new(builder, _special);
        bool triggered = spec.Mode == ToolCallMode.Auto;
        CompiledGrammar compiled = Finish(builder, grammar.Calls(spec.Tools, spec.IsParallel, afterMarker: triggered), ends);
        return triggered ? new TriggeredSource(new(_vocabulary, marker, spec.IsParallel, ends), compiled) : compiled;
    }

    /// <summary>Before anything is read, or made into the key of a cache.</summary>
    private void CheckLength(ConstraintSpec spec)
    {
        switch (spec)
        {
            case ConstraintSpec.JsonSchema schema:
                CheckSchema("", schema.Schema);
                break;
            case ConstraintSpec.Regex regex:
                Limits.CheckPattern("", regex.Pattern);
                break;
            case ConstraintSpec.Choice choice:
                ConstraintLimits.Check("", "choices", choice.Texts.Count, Limits.MaxEnumValues, nameof(Limits.MaxEnumValues));
                ConstraintLimits.Check("", "bytes of choices", choice.Texts.Sum(Encoding.UTF8.GetByteCount), Limits.MaxSchemaBytes, nameof(Limits.MaxSchemaBytes));
                break;
            case ConstraintSpec.Grammar grammar:
                CheckGrammar("", grammar.Text);
                break;
            case ConstraintSpec.ToolCalls calls:
                foreach (ToolSignature tool in calls.Tools)
                    CheckTool(tool);
                break;
        }
    }

    private void CheckTool(ToolSignature tool)
    {
        if (tool.Parameters is { } schema)
            CheckSchema(tool.Name, schema);
        if (tool.Input is ToolInput.Pattern pattern)
            Limits.CheckPattern(tool.Name, pattern.Text);
        else if (tool.Input is ToolInput.Grammar grammar)
            CheckGrammar(tool.Name, grammar.Text);
    }

    private void CheckGrammar(string path, string text) =>
        ConstraintLimits.Check(path, "characters of a grammar", text.Length, Limits.MaxGrammarLength, nameof(Limits.MaxGrammarLength));

    private void CheckSchema(string path, JsonElement schema) => ConstraintLimits.Check(
        path, "bytes of a schema", JsonMarshal.GetRawUtf8Value(schema).Length, Limits.MaxSchemaBytes, nameof(Limits.MaxSchemaBytes));

    private static ConstraintVocabulary Sort(Tokenizer tokenizer, ConstraintOptions? options)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        IEnumerable<int> endTokens = options is { EndTokenIds.Length: > 0 }
            ? options.EndTokenIds
            : ((int?[])[tokenizer.Special.TurnEnd, tokenizer.Special.Eos]).OfType<int>();
        return new(tokenizer.VocabularySize, id => tokenizer.TokenBytes(id).ToArray(), tokenizer.IsSpecial, endTokens)
        {
            LoopLimit = (options ?? new()).LoopLimit,
        };
    }
}
