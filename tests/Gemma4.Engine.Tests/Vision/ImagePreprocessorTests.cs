using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Vision;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Vision;

public sealed class ImagePreprocessorTests
{
    private static readonly string Golden = Path.Combine(RepositoryPaths.Fixtures, "golden", "preprocessing");

    public static TheoryData<string, int> Cases()
    {
        var cases = new TheoryData<string, int>();
        using JsonDocument images = JsonDocument.Parse(File.ReadAllText(Path.Combine(Golden, "images.json")));
        foreach (JsonElement image in images.RootElement.EnumerateArray())
            cases.Add(image.GetProperty("image").GetString()!, image.GetProperty("budget").GetInt32());
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Patches_are_the_references(string image, int budget)
    {
        using JsonDocument images = JsonDocument.Parse(File.ReadAllText(Path.Combine(Golden, "images.json")));
        JsonElement expected = images.RootElement.EnumerateArray()
            .Single(i => i.GetProperty("image").GetString() == image && i.GetProperty("budget").GetInt32() == budget);
        PreparedImage prepared = Prepare(MediaFile(image), budget);

        Assert.Equal(expected.GetProperty("size")[0].GetInt32(), prepared.SourceWidth);
        Assert.Equal(expected.GetProperty("size")[1].GetInt32(), prepared.SourceHeight);
        Assert.Equal(expected.GetProperty("soft_tokens").GetInt32(), prepared.NumSoftTokens);
        Assert.Equal(expected.GetProperty("patches").GetInt32() * 768, prepared.Patches.Length);
        Assert.Equal(expected.GetProperty("grid")[0].GetInt32(), prepared.PatchColumns);
        AssertGreyLevels(image, budget, prepared, [.. expected.GetProperty("picked").EnumerateArray().Select(p => p.GetInt32())]);
        double mean = prepared.Patches.ToArray().Average(v => (double)v);
        Assert.Equal(expected.GetProperty("mean").GetDouble(), mean, 1e-5);
    }

    /// <summary>Every value within one grey level, and 99.9 % of them equal.</summary>
    private static void AssertGreyLevels(string image, int budget, PreparedImage prepared, int[] picked)
    {
        (int[] shape, float[] values) = GoldenTensors.Read(Path.Combine(Golden, "patches.safetensors"))[$"{image}_{budget}"];
        Assert.Equal([picked.Length, 768], shape);
        int equal = 0;
        for (int p = 0; p < picked.Length; p++)
        {
            for (int i = 0; i < 768; i++)
            {
                float golden = values[p * 768 + i], ours = prepared.Patches.Span[picked[p] * 768 + i];
                Assert.InRange(Math.Abs(golden - ours), 0, 1.01f / 255);
                if (golden == ours)
                    equal++;
            }
        }
        Assert.True(equal >= 0.999 * values.Length, $"{equal} of {values.Length} values are equal");
    }

    [Fact]
    public void Another_file_and_another_budget_are_other_content()
    {
        byte[] thumb = MediaFile("thumb"), strip = MediaFile("strip");
        Assert.Equal(Prepare(thumb, 70).ContentHash, Prepare(thumb, 70).ContentHash);
        Assert.Equal(4, new[] { (thumb, 70), (thumb, 140), (strip, 70), (strip, 140) }.Select(c => Prepare(c.Item1, c.Item2).ContentHash).Distinct().Count());
    }

    [Fact]
    public void Item_stands_where_the_prompt_puts_it()
    {
        PreparedImage prepared = Prepare(MediaFile("strip"), 70);
        MediaItem.Image item = prepared.At(firstToken: 5);
        Assert.Equal((5, 64, 96, prepared.ContentHash), (item.FirstToken, item.NumSoftTokens, item.PatchColumns, item.ContentHash));
        Assert.Equal(64 * 9 * 768, item.Patches.Length);
    }

    [Fact]
    public void Cancelled_work_stops()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        byte[] file = MediaFile("thumb");
        Assert.Throws<OperationCanceledException>(
            () => ImagePreprocessor.Prepare(file, 70, ImageLimits.Default, cancellationToken: cancelled.Token));
    }

    private static PreparedImage Prepare(byte[] file, int budget) => ImagePreprocessor.Prepare(file, budget, ImageLimits.Default);

    private static byte[] MediaFile(string name)
    {
        string path = Path.Combine(RepositoryPaths.Fixtures, "media", name);
        return File.ReadAllBytes(File.Exists(path + ".png") ? path + ".png" : path + ".jpg");
    }
}
