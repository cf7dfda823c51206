using System.Collections.Immutable;
using System.Text.Json;
using Gemma4.Engine.Parsing;
using Gemma4.Engine.Requests;
using Gemma4.Server.Serving;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping;

/// <summary>Starts what a <see cref="ChatJob"/> asks for: prompt, context, constraint, engine. Every chat API ends here.</summary>
internal sealed class ChatRunner(ChatPrompts prompts, ConstraintMapper constraints, GenerationStarter starter)
{
    /// <returns>The running request; the caller disposes it.</returns>
    /// <exception cref="Errors.ApiException">Too long, or a format that cannot be enforced.</exception>
    /// <exception cref="RequestRejectedException">The template, the media or the engine refuse.</exception>
    public async Task<Generation> StartAsync(ChatJob job, LoadedModel model, CancellationToken cancellationToken)
    {
        // Again, now that the body has been read, which may have taken its time: what follows decodes media and runs the template.
        model.Engine.CheckAdmission();
        ChatPrompt prompt = await prompts.MakeAsync(job, model, cancellationToken);
        int length = prompt.Tokenized.TokenIds.Length;
        int maxTokens = ContextRules.Room(length, job.MaxTokens, job.MaxTokensParam, job.PromptParam, model.MaxContextLength);
        GenerationRequest request = RequestMapper.Map(job.Id, job.Settings, prompt.Tokenized.TokenIds, maxTokens, model);
        request = request with
        {
            Media = prompt.Media,
            Constraint = await constraints.CompileAsync(job, prompt, model, cancellationToken),
            Sampling = request.Sampling with { NumLogprobs = job.NumLogprobs },
        };
        return await starter.StartAsync(model, request, Parsing(job, request), job.MaxTokens is null ? null : maxTokens, cancellationToken);
    }

    /// <summary>Whether the prompt leaves room for an answer.</summary>
    /// <exception cref="RequestRejectedException">The template or the media refuse.</exception>
    public async Task<bool> FitsAsync(ChatJob job, LoadedModel model, CancellationToken cancellationToken) =>
        (await prompts.MakeAsync(job, model, cancellationToken)).Tokenized.TokenIds.Length < model.MaxContextLength;

    private static ParserOptions Parsing(ChatJob job, GenerationRequest request) => RequestMapper.Parsing(job.Settings, request) with
    {
        Thinking = job.Thinks,
        Tools = [.. job.Tools.Tools.Select(t => new ToolDeclaration(t.Name, t.Parameters ?? default(JsonElement)))],
        ParallelToolCalls = job.Tools.IsParallel,
        StreamToolArguments = job.StreamsToolArguments,
    };
}
