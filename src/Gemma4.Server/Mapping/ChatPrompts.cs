using System.Collections.Immutable;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Requests;
using Gemma4.Server.Errors;
using Gemma4.Server.Hosting;

namespace Gemma4.Server.Mapping;

/// <summary>A conversation as the model reads it.</summary>
/// <param name="Rendered">As the template writes it.</param>
/// <param name="Tokenized">As token ids.</param>
/// <param name="Media">Its pictures and sounds at their places.</param>
internal sealed record ChatPrompt(RenderedPrompt Rendered, TokenizedPrompt Tokenized, ImmutableArray<MediaItem> Media);

/// <summary>Renders and tokenises conversations, on the request's own task.</summary>
internal static class ChatPrompts
{
    /// <exception cref="RequestRejectedException">The template or the media refuse.</exception>
    /// <exception cref="ApiException">The model does not take such media.</exception>
    public static ChatPrompt Make(ChatJob job, LoadedModel model, CancellationToken cancellationToken)
    {
        if (job.Media.Count > 0)
            throw Fault.UnsupportedValue(job.Media[0].Param, "Unsupported value: this server takes only text in messages.");
        ChatRenderer chat = model.Chat ?? throw Fault.Of(
            "This model has no chat template, so it cannot be asked in conversations. Use /v1/completions, or put a chat_template.jinja into its folder.", "messages");
        RenderedPrompt rendered = chat.Render(
            job.Messages,
            [.. job.Tools.Tools.Select(t => new ToolDefinition(t.Name, t.Description, t.Parameters))],
            new ChatRenderOptions
            {
                AddGenerationPrompt = job.AddGenerationPrompt,
                ContinueFinalMessage = job.ContinueFinalMessage,
                EnableThinking = job.Thinks,
                Variables = job.TemplateVariables,
            },
            cancellationToken);
        return new ChatPrompt(rendered, new PromptTokenizer(model.Tokenizer).Tokenize(rendered, []), []);
    }
}
