using System.Collections.Immutable;
using System.Text.Json;

namespace Gemma4.Engine.Chat;

/// <summary>How a conversation becomes a prompt.</summary>
public sealed record ChatRenderOptions
{
    /// <summary>Open the model's turn at the end. Off by itself when <see cref="ContinueFinalMessage"/> is on.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>Leave the last message open, for the model to go on with it.</summary>
    public bool ContinueFinalMessage { get; init; }

    /// <summary>Ask for thought; null leaves it to the template.</summary>
    public bool? EnableThinking { get; init; }

    /// <summary>More variables for the template (<c>chat_template_kwargs</c>), which replace the options of the same name.
    /// Their text is data. The conversation, the tools and the checkpoint's tokens cannot be replaced.</summary>
    public ImmutableDictionary<string, JsonElement> Variables { get; init; } = ImmutableDictionary<string, JsonElement>.Empty;
}
