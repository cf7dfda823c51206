using System.Collections.Immutable;
using Gemma4.Engine.Execution;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Models;
using Gemma4.Engine.Models.Text;
using Gemma4.Engine.Models.Vision;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Gemma4.Engine.Tests.Models;
using TorchSharp;
using Xunit;

namespace Gemma4.Engine.Tests.Execution;

/// <summary>Media are encoded a slice at a time, for those who await them, once for all.</summary>
public sealed class MediaEncoderTests : IDisposable
{
    private readonly Gemma4Model _model = ExactModel.Of("tiny-e2b");

    public void Dispose() => _model.Dispose();

    [Fact]
    public void Slice_by_slice_the_soft_tokens_are_to_the_last_bit_those_of_one_go()
    {
        MediaItem.Image large = ImageItem(content: 1, columns: 30, rows: 18);   // 540 patches: five slices a layer
        Sequence sequence = Request(large);
        using var encoder = new MediaEncoder(_model, 1 << 20, 280, TimeProvider.System);
        int calls = 0;
        while (!Work(encoder, TimeSpan.Zero, Awaited(sequence, 0))[0].IsEncoded)
            calls++;
        Assert.Equal(5 * (_model.Config.Vision!.NumLayers + 1), calls + 1);
        Assert.Equal(Alone(large), SoftTokensOf(encoder, sequence));
    }

    [Fact]
    public void Images_that_go_together_are_what_each_is_alone()
    {
        MediaItem.Image[] images = [ImageItem(1, 6, 3), ImageItem(2, 9, 9, first: 10), ImageItem(3, 3, 3, first: 30)];
        Sequence sequence = Request(images);
        using var encoder = new MediaEncoder(_model, 1 << 20, 280, TimeProvider.System);
        int calls = 1;
        while (!Work(encoder, TimeSpan.Zero, Awaited(sequence, 0), Awaited(sequence, 1), Awaited(sequence, 2)).All(p => p.IsEncoded))
            calls++;
        Assert.Equal(_model.Config.Vision!.NumLayers + 1, calls);   // 108 patches are one slice a layer
        float[] expected = [.. images.SelectMany(Alone)], found = SoftTokensOf(encoder, sequence);
        Assert.Equal(expected.Length, found.Length);
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }

    [Fact]
    public void Sounds_are_encoded_a_layer_at_a_time()
    {
        var random = new Random(1);
        var audio = new MediaItem.Audio(2, 10, 7, Enumerable.Range(0, 40 * 128).Select(_ => random.NextSingle()).ToArray());
        Sequence sequence = Request(audio);
        using var encoder = new MediaEncoder(_model, 1 << 20, 280, TimeProvider.System);
        int calls = 1;
        while (!Work(encoder, TimeSpan.Zero, Awaited(sequence, 0))[0].IsEncoded)
            calls++;
        Assert.Equal(_model.Config.Audio!.NumLayers + 1, calls);
        Assert.Equal(_model.EncodeAudio(audio.LogMel), SoftTokensOf(encoder, sequence));
    }

    [Fact]
    public void Work_that_no_one_awaits_any_more_is_dropped_and_leaves_nothing_behind()
    {
        Sequence left = Request(ImageItem(1, 30, 18)), stays = Request(ImageItem(2, 6, 3));
        DisposeScopeManager.Statistics.Reset();
        using (var encoder = new MediaEncoder(_model, 1 << 20, 280, TimeProvider.System))
        {
            Assert.False(Work(encoder, TimeSpan.Zero, Awaited(left, 0))[0].IsEncoded);
            Assert.True(Work(encoder, TimeSpan.MaxValue, Awaited(stays, 0))[0].IsEncoded);
            Assert.False(Work(encoder, TimeSpan.Zero, Awaited(left, 0))[0].IsEncoded);
        }
        Assert.Equal(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void One_content_that_two_await_is_encoded_once()
    {
        Sequence first = Request(ImageItem(1, 6, 3)), second = Request(ImageItem(1, 6, 3));
        using var encoder = new MediaEncoder(_model, 1 << 20, 280, TimeProvider.System);
        Assert.All(Work(encoder, TimeSpan.MaxValue, Awaited(first, 0), Awaited(second, 0)), p => Assert.True(p.IsEncoded));
        Assert.Equal(SoftTokensOf(encoder, first), SoftTokensOf(encoder, second));
    }

    [Fact]
    public void What_a_small_cache_let_go_is_encoded_again()
    {
        MediaItem.Image image = ImageItem(1, 6, 3);
        Sequence sequence = Request(image);
        using var encoder = new MediaEncoder(_model, cacheBytes: 0, 280, TimeProvider.System);
        Assert.True(Work(encoder, TimeSpan.MaxValue, Awaited(sequence, 0))[0].IsEncoded);
        Assert.Equal(Alone(image), SoftTokensOf(encoder, sequence));
    }

    [Fact]
    public void Image_that_the_tower_cannot_take_fails_alone()
    {
        Sequence bad = Request(ImageItem(1, 6, 3) with { PatchColumns = 5 }), good = Request(ImageItem(2, 6, 3));
        using var encoder = new MediaEncoder(_model, 1 << 20, maxTokensPerPass: 2, TimeProvider.System);
        EncoderProgress[] progress = Work(encoder, TimeSpan.MaxValue, Awaited(bad, 0), Awaited(good, 0));
        Assert.IsType<ArgumentException>(progress[0].Fault);
        Assert.Equal(new EncoderProgress(true), progress[1]);
    }

    private static EncoderProgress[] Work(MediaEncoder encoder, TimeSpan budget, params AwaitedMedia[] awaited)
    {
        var progress = new EncoderProgress[awaited.Length];
        encoder.Work(awaited, budget, progress);
        return progress;
    }

    private static AwaitedMedia Awaited(Sequence sequence, int mediaIndex) => new(sequence, mediaIndex);

    private float[] Alone(MediaItem.Image image)
    {
        return _model.EncodeImages([new ImagePatches(image.Patches, image.PatchColumns)]);
    }

    private static float[] SoftTokensOf(MediaEncoder encoder, Sequence sequence)
    {
        SoftTokens? softTokens = encoder.SoftTokensOf(new StepPlan(new ScheduledSequence(sequence, 0, sequence.NumTokens, [], true)));
        return softTokens!.Value.Embeddings.ToArray();
    }

    private MediaItem.Image ImageItem(int content, int columns, int rows, int first = 2)
    {
        var random = new Random(content);
        float[] patches = [.. Enumerable.Range(0, columns * rows * _model.Config.Vision!.PatchValues).Select(_ => random.NextSingle())];
        return new MediaItem.Image(first, columns * rows / 9, (UInt128)content, patches, columns);
    }

    private static Sequence Request(params MediaItem[] media)
    {
        var plan = new KvCachePlan(16, [new KvGroupSpec(null, 1)], [100]);
        var factory = new SequenceFactory(plan, new SchedulerLimits(1, 512, 280, 512, MediaIsBidirectional: false), sharesPrefixes: true);
        var request = new GenerationRequest
        {
            Id = "request",
            PromptTokenIds = [.. new int[100]],
            Sampling = new SamplingParams(),
            Media = [.. media],
        };
        return factory.Create(request, 0, 0)[0];
    }
}
