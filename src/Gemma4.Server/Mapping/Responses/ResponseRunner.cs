using System.Collections.Immutable;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage;
using Gemma4.Server.Streaming;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>Starts what a response request asks for.</summary>
internal sealed class ResponseRunner(ChatPrompts prompts, ChatRunner runner, ResponseFiles files, ServerClock clock, IOptions<ApiOptions> api)
{
    /// <param name="request">Of the right shape.</param>
    /// <param name="stored">What its caller has stored.</param>
    /// <param name="model">Serves it.</param>
    /// <param name="cancellationToken">Gives up the start.</param>
    /// <exception cref="Errors.ApiException">The first fault of its meaning.</exception>
    /// <exception cref="Engine.Requests.RequestRejectedException">The template, the media or the engine refuse.</exception>
    public async Task<ResponseRun> StartAsync(ResponseRequest request, CallerResponses stored, LoadedModel model, CancellationToken cancellationToken)
    {
        var head = new AnswerHead(AnswerHead.NewId("resp_"), clock.Now, request.Model!, model.Fingerprint);
        ImmutableArray<ResponseItem> input = await ResponseItems.OfAsync(request.Input, stored, cancellationToken);
        return await StartAsync(head, request, input, await ResponseMapper.EarlierAsync(request, stored, cancellationToken), stored.Files, model, cancellationToken);
    }

    /// <summary>The same where the items are known.</summary>
    public async Task<ResponseRun> StartAsync(
        AnswerHead head, ResponseRequest request, ImmutableArray<ResponseItem> input, EarlierItems earlier, CallerFiles kept, LoadedModel model, CancellationToken cancellationToken)
    {
        ImmutableArray<ResponseItem> conversation = await files.ResolveAsync(ResponseMapper.Conversation(earlier, input), input.Length, kept, cancellationToken);
        ChatJob job = ResponseMapper.Map(head.Id, request, conversation, input.Length, api.Value);
        Generation generation = request.Truncation == "auto"
            ? await TruncatedConversation.StartAsync(
                await prompts.WithMediaAsync(job, model, cancellationToken),
                shorter => runner.FitsAsync(shorter, model, cancellationToken),
                shorter => runner.StartAsync(shorter, model, cancellationToken))
            : await runner.StartAsync(job, model, cancellationToken);
        return new ResponseRun(generation, ResponseMapper.Start(head, request, model.Defaults))
        {
            Tools = job.Tools,
            Logprobs = job.NumLogprobs is int top ? new LogprobMapper(model.Tokenizer, top) : null,
            Input = input,
            Earlier = earlier,
            Clock = clock,
        };
    }
}
