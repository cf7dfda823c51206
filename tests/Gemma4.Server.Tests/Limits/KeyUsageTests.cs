using Gemma4.Server.Errors;
using Gemma4.Server.Limits;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Limits;

public sealed class KeyUsageTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Requests_of_a_minute_may_come_at_once_and_then_as_they_flow_off()
    {
        KeyUsage usage = Of(new KeyLimits { RequestsPerMinute = 3 });
        for (int left = 2; left >= 0; left--)
        {
            Assert.Null(usage.TryEnter());
            Assert.Equal((3, left), (usage.Requests!.Value.Limit, usage.Requests.Value.Remaining));
        }
        ApiError refusal = usage.TryEnter()!;
        Assert.Equal((429, "requests", "rate_limit_exceeded", TimeSpan.FromSeconds(20)), (refusal.Status, refusal.Type, refusal.Code, refusal.RetryAfter));
        Assert.Equal("Rate limit reached for key 'alice' on requests per min: Limit 3, Used 3, Requested 1. Please try again in 20s.", refusal.Message);
        Assert.Equal(TimeSpan.FromMinutes(1), usage.Requests!.Value.Reset);

        _time.Advance(TimeSpan.FromSeconds(19.9));
        Assert.NotNull(usage.TryEnter());
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Null(usage.TryEnter());
        Assert.NotNull(usage.TryEnter());
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal((3L, TimeSpan.Zero), (usage.Requests!.Value.Remaining, usage.Requests.Value.Reset));
    }

    [Fact]
    public void What_was_taken_too_much_comes_back_and_what_was_too_little_is_owed()
    {
        KeyUsage usage = Of(new KeyLimits { TokensPerMinute = 600 });
        Assert.Null(usage.TryTake(500));
        ApiError refusal = usage.TryTake(200)!;
        Assert.Equal(("tokens", TimeSpan.FromSeconds(10)), (refusal.Type, refusal.RetryAfter));
        Assert.Contains("Limit 600, Used 500, Requested 200", refusal.Message, StringComparison.Ordinal);
        usage.Correct(-450);
        Assert.Equal(550, usage.Tokens!.Value.Remaining);
        Assert.Null(usage.TryTake(200));

        usage.Correct(950); // 1200 are used now
        Assert.Equal(0, usage.Tokens!.Value.Remaining);
        Assert.Equal(TimeSpan.FromMinutes(2), usage.Tokens.Value.Reset);
        Assert.Equal("tokens", usage.TryEnter()!.Type);
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.Null(usage.TryEnter());
    }

    [Fact]
    public void More_than_a_minutes_limit_is_never_allowed_and_not_worth_a_retry()
    {
        ApiError refusal = Of(new KeyLimits { TokensPerMinute = 600 }).TryTake(601)!;
        Assert.Equal((429, "tokens", false, null), (refusal.Status, refusal.Type, refusal.MayRetry, refusal.RetryAfter));
        Assert.StartsWith("Request too large for key 'alice' on tokens per min: Limit 600, Requested 601.", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void As_many_are_served_at_once_as_may()
    {
        KeyUsage usage = Of(new KeyLimits { MaxConcurrent = 2 });
        Assert.Null(usage.TryEnter());
        Assert.Null(usage.TryEnter());
        Assert.Contains("concurrent requests: Limit 2, Used 2", usage.TryEnter()!.Message, StringComparison.Ordinal);
        usage.Leave();
        Assert.Null(usage.TryEnter());
        usage.Join(); // what goes on behind a request counts and is not refused
        usage.Leave();
        Assert.NotNull(usage.TryEnter());
    }

    [Fact]
    public void Limits_that_change_leave_what_was_used()
    {
        KeyUsage usage = Of(new KeyLimits { TokensPerMinute = 1000 });
        Assert.Null(usage.TryTake(800));
        usage.Limits = new KeyLimits { TokensPerMinute = 900 };
        Assert.Equal(100, usage.Tokens!.Value.Remaining);
        usage.Limits = KeyLimits.None;
        Assert.Null(usage.Tokens);
        Assert.Null(usage.TryTake(long.MaxValue));
    }

    private KeyUsage Of(KeyLimits limits) => new("alice", limits, _time);
}
