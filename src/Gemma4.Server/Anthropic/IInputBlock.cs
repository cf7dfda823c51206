using Gemma4.Server.OpenAI.Chat;

namespace Gemma4.Server.Anthropic;

/// <summary>What a user's blocks and those of a tool's result have in common: texts, pictures and films.</summary>
internal interface IInputBlock : IFilmPart
{
    /// <summary>Of <c>text</c>.</summary>
    string? Text { get; }

    /// <summary>Of <c>image</c>.</summary>
    BlockSource? Source { get; }
}
