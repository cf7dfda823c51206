using Gemma4.Engine.Configuration;
using Gemma4.Engine.Execution;
using Gemma4.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gemma4.Engine.Tests.Execution;

public sealed class MemoryForecastTests
{
    private static readonly ComputeOptions OnCpu = new() { Device = "cpu", Threads = 1 };
    private static readonly EngineOptions Few = new() { MaxSequences = 4, MaxTokensPerStep = 64, MaxContextLength = 512 };

    [Fact]
    public void Weights_that_are_computed_with_as_they_lie_are_counted_as_mapped()
    {
        MemoryForecast forecast = Of("tiny-e2b", OnCpu, Few);
        long stored = new FileInfo(Path.Combine(Folder("tiny-e2b"), "model.safetensors")).Length;
        long widened = forecast.WeightBytes / 2;      // norms and what towers do not multiply with: bfloat16 there, float32 here
        Assert.InRange(forecast.MappedBytes + forecast.FileBytes + widened, 0.95 * stored, stored);
    }

    [Fact]
    public void Quantised_weights_take_their_bits_and_leave_their_file()
    {
        MemoryForecast asStored = Of("tiny-31b", OnCpu, Few), int8 = Of("tiny-31b", OnCpu with { Quantization = "int8" }, Few), int4 = Of("tiny-31b", OnCpu with { Quantization = "int4" }, Few);
        Assert.True(int8.MappedBytes < asStored.MappedBytes / 2);
        Assert.True(int4.WeightBytes < int8.WeightBytes);
        Assert.True(int8.WeightBytes + int8.MappedBytes < asStored.WeightBytes + asStored.MappedBytes);
    }

    [Fact]
    public async Task Cache_is_what_the_budget_leaves()
    {
        MemoryForecast free = Of("tiny-31b", OnCpu, Few);
        long rest = (free.SmallestKvCacheBytes + free.KvCacheBytes) / 2, budget = free.WeightBytes + free.MappedBytes + free.WorkBytes + rest;
        Assert.True(rest < free.KvCacheBytes);
        var options = new EngineOptions { MaxSequences = 4, MaxTokensPerStep = 64, MaxContextLength = 512, MemoryBudgetBytes = budget };
        Assert.Equal(rest, Of("tiny-31b", OnCpu, options).KvCacheBytes);
        await using GemmaEngine engine = EngineLoader.Load(
            Checkpoint.Open(Folder("tiny-31b")), OnCpu, options, new TestMeterFactory(), NullLoggerFactory.Instance, TimeProvider.System);
        Assert.InRange(engine.Info.KvCacheBytes, 1, rest);
    }

    [Fact]
    public void Model_that_does_not_fit_is_refused_with_numbers_before_it_is_loaded()
    {
        var options = new EngineOptions { MaxSequences = 4, MaxTokensPerStep = 64, MemoryBudgetBytes = 1_000_000 };
        var loaded = new List<double>();
        var refusal = Assert.Throws<ArgumentException>(() => EngineLoader.Load(
            Checkpoint.Open(Folder("tiny-31b")), OnCpu, options, new TestMeterFactory(), NullLoggerFactory.Instance, TimeProvider.System,
            new Progress<Engine.Loading.LoadProgress>(p => loaded.Add(p.BytesLoaded))));
        Assert.Contains("does not fit", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("of 0 GB: weights", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--quantization int4", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(loaded);
    }

    [Fact]
    public void A_larger_step_takes_more_work()
    {
        var large = new EngineOptions { MaxSequences = 4, MaxTokensPerStep = 2048, MaxContextLength = 512 };
        Assert.True(Of("tiny-26b-a4b", OnCpu, large).WorkBytes > Of("tiny-26b-a4b", OnCpu, Few).WorkBytes);
    }

    private static string Folder(string model) => Path.Combine(RepositoryPaths.Fixtures, "models", model);

    private static MemoryForecast Of(string model, ComputeOptions compute, EngineOptions options) =>
        ModelPlan.Of(Checkpoint.Open(Folder(model)), compute).Memory(options);
}
