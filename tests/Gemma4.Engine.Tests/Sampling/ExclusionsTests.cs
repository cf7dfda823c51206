using Gemma4.Engine.Requests;
using Gemma4.Engine.Sampling;
using Xunit;

namespace Gemma4.Engine.Tests.Sampling;

public sealed class ExclusionsTests
{
    private static readonly float[] Logits = [0.5f, 0.1f, 0.9f, 0.3f];

    [Fact]
    public void Allowed_tokens_and_a_mask_that_share_none_are_named()
    {
        RequestRejectedException e = Refusal(new SamplingParams { AllowedTokenIds = [0, 1] }, mask: 0b1100);
        Assert.Equal((RejectionReason.InvalidRequest, "allowed_token_ids", "no_token_allowed"), (e.Reason, e.Param, e.Code));
        Assert.StartsWith("allowed_token_ids and the format or the calls that the answer is held to exclude each other", e.Message);
    }

    [Fact]
    public void Bad_words_that_forbid_all_allowed_tokens_are_named_where_they_would_be_completed()
    {
        var p = new SamplingParams { AllowedTokenIds = [1], BadWords = [[2], [3, 1]] };
        Assert.StartsWith("allowed_token_ids and bad_words exclude each other", Refusal(p, tokens: [3]).Message);
        Assert.Equal(1, Next(p, tokens: [0]));
    }

    [Fact]
    public void Minimum_of_tokens_that_forbids_the_only_allowed_token_is_named()
    {
        RequestRejectedException e = Refusal(new SamplingParams { AllowedTokenIds = [2] }, forbidden: [2]);
        Assert.StartsWith("allowed_token_ids and min_tokens exclude each other", e.Message);
        Assert.Contains("token 1 of the answer", e.Message);
    }

    [Fact]
    public void What_is_not_at_fault_is_not_named()
    {
        RequestRejectedException e = Refusal(new SamplingParams { AllowedTokenIds = [0, 1], BadWords = [[3]], SuppressedTokenIds = [2] }, mask: 0b1100, forbidden: [3]);
        Assert.DoesNotContain("bad_words", e.Message);
        Assert.DoesNotContain("suppress", e.Message);
        Assert.DoesNotContain("min_tokens", e.Message);
    }

    [Fact]
    public void Field_that_leaves_nothing_by_itself_is_named_alone()
    {
        RequestRejectedException e = Refusal(new SamplingParams { BadWords = [[0], [1], [2], [3]] });
        Assert.StartsWith("bad_words leaves no token", e.Message);
        Assert.Equal("bad_words", e.Param);
    }

    private static RequestRejectedException Refusal(SamplingParams p, uint mask = 0, int[]? forbidden = null, int[]? tokens = null) =>
        Assert.Throws<RequestRejectedException>(() => { Next(p, mask, forbidden, tokens); });

    private static int Next(SamplingParams p, uint mask = 0, int[]? forbidden = null, int[]? tokens = null)
    {
        var inputs = new SamplingInputs
        {
            Params = p,
            TokenIds = tokens ?? [0],
            NumPromptTokens = 1,
            Seed = 1,
            Mask = mask == 0 ? [] : [mask],
            ForbiddenTokenIds = forbidden,
        };
        return new Sampler(Logits.Length).Sample(Logits, inputs, out _);
    }
}
