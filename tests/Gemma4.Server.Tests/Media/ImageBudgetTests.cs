using Gemma4.Engine.Requests;
using Gemma4.Server.Media;
using Xunit;

namespace Gemma4.Server.Tests.Media;

public sealed class ImageBudgetTests
{
    [Theory]
    [InlineData(560, "low", 140, 70, 560)] // the picture's own number
    [InlineData(null, "low", 560, 280, 70)]
    [InlineData(null, "high", 70, 280, 1120)]
    [InlineData(null, "auto", 140, 1120, 140)] // the request's
    [InlineData(null, null, 140, 1120, 140)]
    [InlineData(null, "auto", null, 560, 560)] // the server's
    [InlineData(null, null, null, null, 280)] // the checkpoint's
    public void Most_exact_word_decides(int? own, string? detail, int? request, int? server, int chosen) =>
        Assert.Equal(chosen, ImageBudget.Choose(own, detail, request, server, checkpoint: 280, "part"));

    [Theory]
    [InlineData(100, null, "part")]
    [InlineData(null, 300, "mm_processor_kwargs.max_soft_tokens")]
    public void Number_that_is_no_budget_is_refused_by_its_name(int? own, int? request, string param)
    {
        var e = Assert.Throws<RequestRejectedException>(() => ImageBudget.Choose(own, "low", request, null, 280, "part"));
        Assert.Equal(param, e.Param);
        Assert.Contains("70, 140, 280, 560, 1120", e.Message, StringComparison.Ordinal);
    }
}
