using System.Collections.Immutable;
using Gemma4.Engine.Requests;
using Gemma4.Server.Ollama;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;
using Gemma4.Server.Streaming;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Mapping.Ollama;

/// <summary>Starts what requests of Ollama's API ask for.</summary>
internal sealed class OllamaRunner(
    ChatRunner runner, ConstraintMapper constraints, GenerationStarter starter, TimeProvider time, IOptions<ApiOptions> api)
{
    private readonly long _began = time.GetTimestamp();

    /// <returns>The running request; the caller disposes its generation.</returns>
    /// <exception cref="Errors.ApiException">The first fault of its meaning.</exception>
    /// <exception cref="RequestRejectedException">The template, the media or the engine refuse.</exception>
    public async Task<OllamaRun> StartAsync(OllamaChatRequest request, LoadedModel model, CancellationToken cancellationToken) =>
        Run(await runner.StartAsync(OllamaMapper.Map(NewId(), request, api.Value), model, cancellationToken), request.Model!, isChat: true);

    /// <inheritdoc cref="StartAsync(OllamaChatRequest, LoadedModel, CancellationToken)"/>
    public async Task<OllamaRun> StartAsync(OllamaGenerateRequest request, LoadedModel model, CancellationToken cancellationToken)
    {
        Generation generation = request.Raw == true
            ? await StartRawAsync(OllamaMapper.MapRaw(NewId(), request, api.Value), request.Prompt!, model, cancellationToken)
            : await runner.StartAsync(OllamaMapper.Map(NewId(), request, api.Value), model, cancellationToken);
        return Run(generation, request.Model!, isChat: false);
    }

    private OllamaRun Run(Generation generation, string model, bool isChat) => new(generation, model, isChat, time, _began);

    private async Task<Generation> StartRawAsync(ChatJob job, string text, LoadedModel model, CancellationToken cancellationToken)
    {
        // Who asks for no template writes its markers: here they are control tokens.
        ImmutableArray<int> prompt = [.. PromptTokens.Encode(model.Tokenizer, text, addBos: !text.StartsWith("<bos>", StringComparison.Ordinal), parseControl: true)];
        int maxTokens = ContextRules.Room(prompt.Length, job.MaxTokens, job.MaxTokensParam, job.PromptParam, model.MaxContextLength);
        GenerationRequest request = RequestMapper.Map(job.Id, job.Settings, prompt, maxTokens, model) with
        {
            Constraint = await constraints.CompileAsync(job.Format, model, cancellationToken),
        };
        return await starter.StartAsync(model, request, RequestMapper.Parsing(job.Settings, request) with { IsChat = false }, job.MaxTokens is null ? null : maxTokens, cancellationToken);
    }

    private static string NewId() => AnswerHead.NewId("ollama-");
}
