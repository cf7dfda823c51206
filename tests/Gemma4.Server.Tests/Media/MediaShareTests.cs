using Gemma4.Server.Errors;
using Gemma4.Server.Media;
using Microsoft.Extensions.Options;
using Xunit;

namespace Gemma4.Server.Tests.Media;

public sealed class MediaShareTests
{
    private const long Limit = 64 << 20;

    private readonly MediaBudget _budget = new(Options.Create(new MediaAccessOptions { MaxBytesInFlight = Limit }));

    [Fact]
    public void Shares_of_all_requests_are_bounded_together_and_returned_when_one_ends()
    {
        using var other = new MediaShare(_budget);
        using (var share = new MediaShare(_budget))
        {
            share.Take(Limit / 2, "a");
            other.Take(Limit / 4, "b");
            ApiError full = Assert.Throws<ApiException>(() => other.Take(Limit / 2, "b")).Error;
            Assert.Equal((429, "rate_limit_exceeded", TimeSpan.FromSeconds(1)), (full.Status, full.Code, full.RetryAfter));
            Assert.Equal(Limit / 4 * 3, _budget.Bytes.Held); // what was refused is not counted
            share.Return(Limit / 4);
            other.Take(Limit / 2, "b");
        }
        Assert.Equal(Limit / 4 * 3, _budget.Bytes.Held);
        other.Dispose();
        other.Dispose();
        Assert.Equal(0, _budget.Bytes.Held);
    }

    [Fact]
    public void A_request_that_never_fits_is_told_so_and_not_to_come_again()
    {
        using var share = new MediaShare(_budget);
        share.Take(1, "first");
        ApiError fault = Assert.Throws<ApiException>(() => share.Take(Limit, "messages[0].content[1]")).Error;
        Assert.Equal((400, "messages[0].content[1]", "media_too_large"), (fault.Status, fault.Param, fault.Code));
        Assert.Contains("Media:MaxBytesInFlight", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_the_option_it_is_a_share_of_the_memory() =>
        Assert.InRange(new MediaBudget(Options.Create(new MediaAccessOptions())).Bytes.MaxBytes, 512L << 20, long.MaxValue);
}
