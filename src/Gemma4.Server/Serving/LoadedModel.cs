using Gemma4.Engine;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Engine.Tokenization;
using Gemma4.Server.Media;

namespace Gemma4.Server.Serving;

/// <summary>A checkpoint that is ready to serve: what every API needs of it.</summary>
/// <param name="Engine">Token ids in, token ids out.</param>
/// <param name="Tokenizer">Text to token ids and back.</param>
/// <param name="Chat">Conversations to prompts, by its own template; null where it has none.</param>
/// <param name="Constraints">Holds answers to schemas and grammars.</param>
/// <param name="Defaults">How its authors want it sampled.</param>
/// <param name="Fingerprint">Names build and weights, <c>fp_…</c>.</param>
internal sealed record LoadedModel(
    IGenerationEngine Engine,
    Tokenizer Tokenizer,
    ChatRenderer? Chat,
    ConstraintCompiler Constraints,
    GenerationDefaults Defaults,
    string Fingerprint)
{
    /// <summary>What media it takes.</summary>
    public MediaTraits Media { get; init; } = MediaTraits.TextOnly;

    /// <summary>Blanks in JSON that an answer is held to.</summary>
    public JsonWhitespace JsonWhitespace { get; init; } = JsonWhitespace.Json;

    /// <summary>Bytes of the checkpoint's files.</summary>
    public long SizeBytes { get; init; }

    /// <summary>Prompt and output of one sequence together.</summary>
    public int MaxContextLength => Engine.Info.MaxContextLength;

    /// <summary>Token ids are below this.</summary>
    public int VocabularySize => Tokenizer.VocabularySize;
}
