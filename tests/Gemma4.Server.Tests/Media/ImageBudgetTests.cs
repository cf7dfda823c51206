using Gemma4.Server.Media;
using Xunit;

namespace Gemma4.Server.Tests.Media;

public sealed class ImageBudgetTests
{
    [Theory]
    [InlineData(560, "low", 140, 70, 560)] // the image's own number
    [InlineData(null, "low", 560, 280, 70)]
    [InlineData(null, "high", 70, 280, 1120)]
    [InlineData(null, "original", 70, 280, 1120)]
    [InlineData(null, "auto", 140, 1120, 140)] // the request's
    [InlineData(null, null, 140, 1120, 140)]
    [InlineData(null, "auto", null, 560, 560)] // the server's
    [InlineData(null, null, null, null, 280)] // the checkpoint's
    public void Most_exact_word_decides(int? own, string? detail, int? request, int? server, int chosen) =>
        Assert.Equal(chosen, ImageBudget.Choose(own, detail, request, server, checkpoint: 280));
}
