using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Gemma4.Engine.StructuredOutput;

/// <summary>What an answer is held to.</summary>
public abstract record ConstraintSpec
{
    private ConstraintSpec()
    {
    }

    /// <summary>Equal for specifications that compile to the same constraint; short, however long they are.</summary>
    internal string Key
    {
        get
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            Append(hash);
            return Convert.ToHexString(hash.GetHashAndReset());
        }
    }

    private protected abstract void Append(IncrementalHash hash);

    /// <summary>Texts with their lengths, so that no two lists of texts look the same.</summary>
    private static void Append(IncrementalHash hash, params ReadOnlySpan<string> texts)
    {
        foreach (string text in texts)
        {
            hash.AppendData(BitConverter.GetBytes(text.Length));
            hash.AppendData(MemoryMarshal.AsBytes(text.AsSpan()));
        }
    }

    private static void Append(IncrementalHash hash, JsonElement schema) => hash.AppendData(JsonMarshal.GetRawUtf8Value(schema));

    /// <summary>JSON that satisfies a schema.</summary>
    /// <param name="Schema">Drafts 4 to 2020-12; see docs/structured-output.md for what is supported.</param>
    /// <param name="Whitespace">Blanks between tokens.</param>
    public sealed record JsonSchema(JsonElement Schema, JsonWhitespace Whitespace = JsonWhitespace.Compact) : ConstraintSpec
    {
        private static readonly JsonElement ObjectSchema = JsonElement.Parse("""{"type":"object"}""");

        /// <summary>Any JSON object.</summary>
        /// <param name="whitespace">Blanks between tokens.</param>
        public static JsonSchema AnyObject(JsonWhitespace whitespace = JsonWhitespace.Compact) => new(ObjectSchema, whitespace);

        private protected override void Append(IncrementalHash hash)
        {
            ConstraintSpec.Append(hash, "schema", Whitespace.ToString());
            ConstraintSpec.Append(hash, Schema);
        }
    }

    /// <summary>Text that a pattern matches from start to end.</summary>
    /// <param name="Pattern">An ECMAScript pattern without look-behind, word boundaries and back references.</param>
    public sealed record Regex(string Pattern) : ConstraintSpec
    {
        private protected override void Append(IncrementalHash hash) => ConstraintSpec.Append(hash, "regex", Pattern);
    }

    /// <summary>One of some texts.</summary>
    /// <param name="Texts">The texts; not empty.</param>
    public sealed record Choice(params IReadOnlyList<string> Texts) : ConstraintSpec
    {
        private protected override void Append(IncrementalHash hash) => ConstraintSpec.Append(hash, ["choice", .. Texts]);
    }

    /// <summary>Text of a context-free grammar.</summary>
    /// <param name="Text">GBNF (<c>root ::= …</c>) or a subset of Lark (<c>start: …</c>).</param>
    public sealed record Grammar(string Text) : ConstraintSpec
    {
        private protected override void Append(IncrementalHash hash) => ConstraintSpec.Append(hash, "grammar", Text);
    }

    /// <summary>Calls of tools in the model's own notation, with arguments that follow the tools' schemas, in any order of properties.</summary>
    /// <param name="Tools">Those that may be called: all, or the one that was named.</param>
    /// <param name="Mode">Whether there must be a call.</param>
    /// <param name="IsParallel">Whether there may be more than one.</param>
    public sealed record ToolCalls(IReadOnlyList<ToolSignature> Tools, ToolCallMode Mode, bool IsParallel) : ConstraintSpec
    {
        private protected override void Append(IncrementalHash hash)
        {
            ConstraintSpec.Append(hash, "tools", Mode.ToString(), IsParallel.ToString());
            foreach (ToolSignature tool in Tools)
            {
                ConstraintSpec.Append(hash, tool.Name, tool.IsStrict.ToString());
                if (tool.Parameters is { } schema)
                    ConstraintSpec.Append(hash, schema);
                if (tool.Input is ToolInput.Pattern pattern)
                    ConstraintSpec.Append(hash, "pattern", pattern.Text);
                else if (tool.Input is ToolInput.Grammar grammar)
                    ConstraintSpec.Append(hash, "grammar", grammar.Text);
            }
        }
    }
}
