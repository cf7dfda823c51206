using System.Collections.Immutable;

namespace Gemma4.Engine.Parsing;

/// <summary>How the answer of one sequence is to be read.</summary>
public sealed record ParserOptions
{
    /// <summary>The prompt. Its tail says where the answer begins: in a thought that the template opened, or in the text.</summary>
    public ImmutableArray<int> PromptTokenIds { get; init; } = [];

    /// <summary>
    /// True for a chat's answer, with thoughts and calls; false for plain text, where control tokens are no more than other special
    /// tokens (<c>/v1/completions</c>).
    /// </summary>
    public bool IsChat { get; init; } = true;

    /// <summary>Thinking was asked for: an answer that begins with the line <c>thought</c> has lost the marker before it.</summary>
    public bool Thinking { get; init; }

    /// <summary>The tools that the request offers. Without any, a call is text.</summary>
    public ImmutableArray<ToolDeclaration> Tools { get; init; } = [];

    /// <summary>False ends the answer after its first complete call.</summary>
    public bool ParallelToolCalls { get; init; } = true;

    /// <summary>
    /// True passes a call's arguments on while they are generated; false when the call is complete.
    /// </summary>
    /// <remarks>
    /// The price of true: what was passed on cannot be taken back. A call that the model then ends half-way stays as it is, its arguments an
    /// incomplete JSON text; one that turns out to be malformed stays incomplete, and its whole span becomes content as it does with false.
    /// In both settings a call that the token limit cuts off stays incomplete. None of them gets a
    /// <see cref="Requests.GenerationEvent.ToolCallCompleted"/>. Content, thoughts and completed calls are the same in both settings.
    /// </remarks>
    public bool StreamToolArguments { get; init; }

    /// <summary>
    /// The answer ends before one of these. They are looked for in content, across tokens, not in thoughts and arguments, nor across
    /// a thought or call inside the content. None is empty.
    /// </summary>
    public ImmutableArray<string> StopStrings { get; init; } = [];

    /// <summary>The request's stop tokens: the one that ends the sequence gives no text.</summary>
    public ImmutableArray<int> StopTokenIds { get; init; } = [];

    /// <summary>Put the stop string, or the stop token's text, at the end of the content.</summary>
    public bool IncludeStopString { get; init; }

    /// <summary>Stop strings are not looked for in the text of the first tokens, this many.</summary>
    public int MinTokens { get; init; }

    /// <summary>
    /// False spells special tokens out in the content, except those that structure the answer: markers of thoughts and calls that were
    /// understood as such.
    /// </summary>
    public bool SkipSpecialTokens { get; init; } = true;

    /// <summary>Makes the ids of calls; null gives <c>call_</c> and 24 random letters and digits.</summary>
    public Func<string>? NewCallId { get; init; }
}
