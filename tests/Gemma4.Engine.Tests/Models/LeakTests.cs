using Gemma4.Engine.Loading;
using Gemma4.Engine.Models;
using Gemma4.Engine.Models.Text;
using Gemma4.Engine.Models.Vision;
using Gemma4.Engine.Verification;
using Gemma4.Testing;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Gemma4.Engine.Tests.Models;

/// <summary>Counts tensors on its own thread: every one that a step makes is gone when the step's scope closes.</summary>
public sealed class LeakTests
{
    [Theory]
    [InlineData("tiny-26b-a4b")]
    [InlineData("tiny-e2b")]
    public void Steps_leave_no_tensor_behind(string name)
    {
        using IDisposable inference = inference_mode();
        using Gemma4Model model = ModelLoader.Load(Path.Combine(RepositoryPaths.Fixtures, "models", name), ScalarType.Float32, CPU);
        using var session = new PagedSession(model, 120);
        Step(model, session);
        DisposeScopeManager.Statistics.Reset();
        for (int i = 0; i < 100; i++)
            Step(model, session);
        Assert.True(DisposeScopeManager.Statistics.CreatedInScopeCount > 0);
        Assert.Equal(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Encoders_leave_no_tensor_behind()
    {
        using IDisposable inference = inference_mode();
        using Gemma4Model model = ModelLoader.Load(Path.Combine(RepositoryPaths.Fixtures, "models", "tiny-e2b"), ScalarType.Float32, CPU);
        DisposeScopeManager.Statistics.Reset();
        for (int i = 0; i < 10; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            Assert.Equal([2, 64], model.EncodeImages([new ImagePatches(new float[3 * 6 * 768], 6)]).shape);
            Assert.Equal([10, 64], model.EncodeAudio(new float[40 * 128]).shape);
        }
        Assert.Equal(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    private static void Step(Gemma4Model model, PagedSession session)
    {
        using DisposeScope scope = NewDisposeScope();
        using Tensor soft = zeros(1, model.Config.Text.HiddenSize);
        using Tensor row = tensor(new long[] { 0 });
        Tensor logits = model.Logits(session.Step([5], [], new SoftTokens(soft, row)));
        Assert.Equal(2048, logits.shape[1]);
    }
}
