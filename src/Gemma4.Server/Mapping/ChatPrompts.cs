using System.Collections.Immutable;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Requests;
using Gemma4.Server.Errors;
using Gemma4.Server.Media;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Mapping;

/// <summary>A conversation as the model reads it.</summary>
/// <param name="Rendered">As the template writes it.</param>
/// <param name="Tokenized">As token ids.</param>
/// <param name="Media">Its images and audio clips at their places.</param>
internal sealed record ChatPrompt(RenderedPrompt Rendered, TokenizedPrompt Tokenized, ImmutableArray<MediaItem> Media);

/// <summary>Renders and tokenises conversations, on the request's own task.</summary>
internal sealed class ChatPrompts(MediaLoader loader, IOptions<ApiOptions> api)
{
    /// <summary>Reads the job's media once, for a job that may be made into a prompt many times.</summary>
    /// <exception cref="RequestRejectedException">The media refuse.</exception>
    /// <exception cref="ApiException">The model does not take such media.</exception>
    public async Task<ChatJob> WithMediaAsync(ChatJob job, LoadedModel model, CancellationToken cancellationToken)
    {
        ImmutableArray<PreparedMedium> media = await loader.LoadAsync(job.Media, job.MediaDefaults, model.Media, cancellationToken);
        return job with { Media = [.. media.Zip(job.Media, (medium, source) => new MediaSource.Prepared(medium, source.Param))] };
    }

    /// <summary>Makes the prompt.</summary>
    /// <exception cref="RequestRejectedException">The template or the media refuse.</exception>
    /// <exception cref="ApiException">The model does not take such media.</exception>
    public async Task<ChatPrompt> MakeAsync(ChatJob job, LoadedModel model, CancellationToken cancellationToken)
    {
        ChatRenderer chat = model.Chat ?? throw Fault.Of(
            "This model has no chat template, so it cannot be asked in conversations. Use /v1/completions, or put a chat_template.jinja into its folder.", "messages");
        if (job.Messages.Count > api.Value.MaxMessages)
            throw Fault.ArrayTooLong(job.PromptParam, api.Value.MaxMessages, job.Messages.Count);
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
        // After the template, which may refuse the conversation at no cost.
        ImmutableArray<PreparedMedium> media = await loader.LoadAsync(job.Media, job.MediaDefaults, model.Media, cancellationToken);
        TokenizedPrompt tokenized = new PromptTokenizer(model.Tokenizer).Tokenize(
            rendered, [.. rendered.MediaSlots.Select(slot => media[slot.PayloadIndex].Expansion)]);
        return new ChatPrompt(
            rendered, tokenized, [.. tokenized.SoftTokens.Select(place => media[rendered.MediaSlots[place.SlotIndex].PayloadIndex].At(place))]);
    }
}
