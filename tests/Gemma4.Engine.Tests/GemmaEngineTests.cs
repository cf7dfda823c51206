using System.Collections.Immutable;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests;

public sealed class GemmaEngineTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tokens_are_those_of_the_model_run_alone()
    {
        await using var served = new LedgerEngine();
        GenerationRequest request = LedgerEngine.Request([1, 2, 3, 4, 5, 6, 7], maxTokens: 20);

        await using GenerationStream stream = await served.Engine.SubmitAsync(request, Cancellation);
        List<TokenEvent> events = await LedgerEngine.ReadAsync(stream);

        Assert.Equal(served.Model.Generate(request, 7, 20), events.Select(e => e.TokenId!.Value));
        Assert.Equal(FinishReason.Length, events[^1].FinishReason);
        Assert.All(events.SkipLast(1), e => Assert.Null(e.FinishReason));
    }

    [Fact]
    public async Task A_hundred_requests_at_once_get_each_its_own_tokens()
    {
        await using var served = new LedgerEngine();
        GenerationRequest[] requests = [.. Enumerable.Range(0, 100).Select(i =>
            LedgerEngine.Request([.. Enumerable.Range(0, 5 + i).Select(t => (t * (i + 3)) % 90)], maxTokens: 10 + (i % 7)))];

        List<int>[] outputs = await Task.WhenAll(requests.Select(async request =>
        {
            await using GenerationStream stream = await served.Engine.SubmitAsync(request, Cancellation);
            return (await LedgerEngine.ReadAsync(stream)).Select(e => e.TokenId!.Value).ToList();
        }));

        for (int i = 0; i < requests.Length; i++)
            Assert.Equal(served.Model.Generate(requests[i], 7, requests[i].MaxTokens!.Value), outputs[i]);
    }

    [Fact]
    public async Task Second_request_finds_the_prompt_of_the_first()
    {
        await using var served = new LedgerEngine();
        ImmutableArray<int> prompt = [.. Enumerable.Range(0, 50)];

        int first = await CachedTokensAsync(served, prompt, null);
        int second = await CachedTokensAsync(served, prompt, null);
        int salted = await CachedTokensAsync(served, prompt, "other");
        int adapted = await CachedTokensAsync(served, prompt, null, new AdapterId(1));
        int again = await CachedTokensAsync(served, prompt, null, new AdapterId(1));
        int otherwise = await CachedTokensAsync(served, prompt, null, new AdapterId(2));
        int both = await CachedTokensAsync(served, prompt, "other", new AdapterId(1));

        Assert.Equal((0, 48, 0), (first, second, salted));
        Assert.Equal((0, 48, 0, 0), (adapted, again, otherwise, both));
    }

    [Fact]
    public async Task Adapter_that_is_not_there_is_refused_at_once()
    {
        await using var served = new LedgerEngine();
        GenerationRequest request = LedgerEngine.Request([1, 2], maxTokens: 5) with { Adapter = new AdapterId(3) };
        RequestRejectedException e = await Assert.ThrowsAsync<RequestRejectedException>(() => served.Engine.SubmitAsync(request, Cancellation));
        Assert.Equal((RejectionReason.InvalidRequest, "model", "model_not_found"), (e.Reason, e.Param, e.Code));
        Assert.NotEqual(
            served.Expected(request with { Adapter = new AdapterId(1) }), (await served.GenerateAsync(request with { Adapter = null })).Select(t => t.TokenId!.Value));
    }

    private static async Task<int> CachedTokensAsync(LedgerEngine served, ImmutableArray<int> prompt, string? salt, AdapterId? adapter = null)
    {
        GenerationRequest request = LedgerEngine.Request(prompt, maxTokens: 3) with { CacheSalt = salt, Adapter = adapter };
        await using GenerationStream stream = await served.Engine.SubmitAsync(request, Cancellation);
        return (await LedgerEngine.ReadAsync(stream))[0].NumCachedTokens;
    }

    [Fact]
    public async Task Request_that_leaves_no_token_for_its_answer_is_refused_at_once()
    {
        await using var served = new LedgerEngine();
        GenerationRequest request = LedgerEngine.Request([1, 2], maxTokens: 5) with
        {
            Sampling = new SamplingParams { AllowedTokenIds = [7, 8], BadWords = [[2, 8]] },
            StopTokenIds = [7],
            MinTokens = 2,
        };
        RequestRejectedException e = await Assert.ThrowsAsync<RequestRejectedException>(
            () => served.Engine.SubmitAsync(request, TestContext.Current.CancellationToken));
        Assert.Equal((RejectionReason.InvalidRequest, "allowed_token_ids", "no_token_allowed"), (e.Reason, e.Param, e.Code));
        Assert.StartsWith("allowed_token_ids, bad_words and min_tokens exclude each other", e.Message);
        Assert.NotEmpty(await served.GenerateAsync(request with { MinTokens = 0 }));
    }
}
