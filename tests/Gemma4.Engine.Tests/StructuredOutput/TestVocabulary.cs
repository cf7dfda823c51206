using System.Text;
using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Engine.StructuredOutput.Constraints;
using Gemma4.Engine.StructuredOutput.Vocabulary;
using Gemma4.Engine.Tokenization;
using Xunit;

namespace Gemma4.Engine.Tests.StructuredOutput;

/// <summary>A vocabulary small enough to check every token: all bytes, some pieces, an end token and some control tokens.</summary>
internal static class TestVocabulary
{
    public const int End = 256;
    public const int Delimiter = 257;
    public const int CallStart = 258;
    public const int CallEnd = 259;
    public const int ChannelStart = 260;
    public const int ChannelEnd = 261;
    public const int Response = 262;
    public const int FirstPiece = 263;

    private static readonly string[] Pieces =
    [
        "\":", "\",\"", "{\"", "\"}", "[]", "{}", "},{", "true", "false", "null", "name", "na", " the", "hello", "ab", "abc", "12", "0.5", "-1",
        "\\n", "\\\"", "\\u00", "é", "日本", "😀", "\n", "\n\n", "  ", ", ", "\": ", "xyz", "type", "],", "\"a\"", "}]", "e+", "\\\\", "a\"b",
        "{key:", ",b:", "call:", "get",
    ];

    private static readonly (string Name, int Id)[] Controls =
    [
        ("<|\"|>", Delimiter), ("<|tool_call>", CallStart), ("<tool_call|>", CallEnd), ("<|channel>", ChannelStart), ("<channel|>", ChannelEnd),
        ("<|tool_response>", Response),
    ];

    public static int Size => FirstPiece + Pieces.Length;

    public static ConstraintVocabulary Create() => new(Size, Bytes, IsControl, [End]);

    public static ConstraintVocabulary Create(int loopLimit) => new(Size, Bytes, IsControl, [End]) { LoopLimit = loopLimit };

    public static ConstraintCompiler Compiler(PropertyOrder order = PropertyOrder.Schema) => new(Create(), new() { PropertyOrder = order }, Special);

    public static ITokenConstraintSource Compiled(this ConstraintCompiler compiler, ConstraintSpec spec) =>
        compiler.Compile(spec, TestContext.Current.CancellationToken);

    /// <summary>Without the cache.</summary>
    public static CompiledGrammar CompiledNew(this ConstraintCompiler compiler, ConstraintSpec spec) =>
        (CompiledGrammar)compiler.CompileNew(spec, TestContext.Current.CancellationToken);

    public static SpecialTokens Special { get; } = new(name => name switch
    {
        "<|\"|>" => Delimiter,
        "<|tool_call>" => CallStart,
        "<tool_call|>" => CallEnd,
        "<|channel>" => ChannelStart,
        "<channel|>" => ChannelEnd,
        "<|tool_response>" => Response,
        _ => null,
    });

    public static bool IsControl(int id) => id is >= 256 and < FirstPiece;

    public static byte[] Bytes(int id) => id < 256 ? [(byte)id] : IsControl(id) ? [] : Encoding.UTF8.GetBytes(Pieces[id - FirstPiece]);

    /// <summary>Bytes of the text as tokens, control tokens where it spells them.</summary>
    public static List<int> Tokens(string text)
    {
        List<int> tokens = [];
        for (int at = 0; at < text.Length;)
        {
            (string Name, int Id) control = Controls.FirstOrDefault(c => text.AsSpan(at).StartsWith(c.Name, StringComparison.Ordinal));
            if (control.Name is not null)
            {
                tokens.Add(control.Id);
                at += control.Name.Length;
                continue;
            }
            int length = char.IsHighSurrogate(text[at]) ? 2 : 1;
            foreach (byte value in Encoding.UTF8.GetBytes(text.Substring(at, length)))
                tokens.Add(value);
            at += length;
        }
        return tokens;
    }

    /// <summary>Whether the constraint lets the whole text through, byte by byte, and lets it end.</summary>
    public static bool Accepts(ITokenConstraintSource source, string text)
    {
        ITokenConstraint constraint = source.Create();
        uint[] mask = new uint[(Size + 31) / 32];
        List<int> tokens = Tokens(text);
        for (int i = 0; i < tokens.Count; i++)
        {
            if (!Allows(constraint, tokens[i], mask))
                return false;
            if (!constraint.Accept(tokens[i]))
                return i + 1 == tokens.Count;
        }
        return Allows(constraint, End, mask);
    }

    public static bool Accepts(string schema, string text, PropertyOrder order = PropertyOrder.Any, JsonWhitespace whitespace = JsonWhitespace.Compact) =>
        Accepts(Compiler(order).Compiled(new ConstraintSpec.JsonSchema(JsonElement.Parse(schema), whitespace)), text);

    public static bool Allows(ITokenConstraint constraint, int token, uint[] mask) =>
        !constraint.TryFillMask(mask) || (mask[token >> 5] >> (token & 31) & 1) != 0;
}
