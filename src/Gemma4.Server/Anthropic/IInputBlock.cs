using Gemma4.Server.Wire;

namespace Gemma4.Server.Anthropic;

/// <summary>What a user's blocks and those of a tool's result have in common: texts, images, documents and videos.</summary>
internal interface IInputBlock : IVideoPart
{
    /// <summary>Of <c>text</c>.</summary>
    string? Text { get; }

    /// <summary>Of <c>image</c> and <c>document</c>.</summary>
    BlockSource? Source { get; }

    /// <summary>Of <c>document</c>: its name.</summary>
    string? Title { get; }

    /// <summary>Of <c>document</c>: what the model should know about it.</summary>
    string? Context { get; }
}
