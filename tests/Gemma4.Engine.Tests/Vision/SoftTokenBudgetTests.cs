using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Vision;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Vision;

public sealed class SoftTokenBudgetTests
{
    [Fact]
    public void Every_size_at_every_budget_is_the_references()
    {
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(RepositoryPaths.RequireShared("reference/golden/image_resize.json")));
        int count = 0;
        foreach (JsonElement c in cases.RootElement.EnumerateArray())
        {
            int Get(string name) => c.GetProperty(name).GetInt32();
            (int width, int height) = SoftTokenBudget.TargetSize(Get("width"), Get("height"), Get("budget"));
            Assert.Equal((c.ToString(), Get("target_width"), Get("target_height")), (c.ToString(), width, height));
            Assert.Equal(Get("soft_tokens"), SoftTokenBudget.SoftTokens(width, height));
            count++;
        }
        Assert.Equal(105, count);
    }

    [Theory]
    [InlineData(512, 512, 280, 768, 768)]
    [InlineData(1920, 1080, 280, 1056, 576)]
    [InlineData(1, 1, 70, 384, 384)]
    [InlineData(10_000, 10, 70, 3360, 48)]
    [InlineData(10, 10_000, 70, 48, 3360)]
    public void Size_keeps_the_shape_in_steps_of_48(int width, int height, int budget, int targetWidth, int targetHeight) =>
        Assert.Equal((targetWidth, targetHeight), SoftTokenBudget.TargetSize(width, height, budget));

    [Fact]
    public void No_size_exceeds_its_budget()
    {
        var random = new Random(1);
        for (int i = 0; i < 20_000; i++)
        {
            int budget = SoftTokenBudget.Allowed[random.Next(5)];
            int width = 1 << random.Next(14), height = 1 << random.Next(14);
            (int w, int h) = SoftTokenBudget.TargetSize(random.Next(1, width + 1), random.Next(1, height + 1), budget);
            Assert.True(w > 0 && h > 0 && w % 48 == 0 && h % 48 == 0);
            Assert.InRange(SoftTokenBudget.SoftTokens(w, h), 1, budget);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-70)]
    [InlineData(71)]
    [InlineData(2240)]
    public void Any_other_budget_is_refused_naming_the_five(int budget)
    {
        var e = Assert.Throws<RequestRejectedException>(() => SoftTokenBudget.Validate(budget, "messages[0].content[1].max_soft_tokens"));
        Assert.Contains("70, 140, 280, 560, 1120", e.Message, StringComparison.Ordinal);
        Assert.Equal("messages[0].content[1].max_soft_tokens", e.Param);
        Assert.Equal(RejectionReason.InvalidRequest, e.Reason);
    }
}
