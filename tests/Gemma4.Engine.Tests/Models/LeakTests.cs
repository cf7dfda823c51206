using Gemma4.Engine.Models;
using Gemma4.Engine.Models.Vision;
using TorchSharp;
using Xunit;

namespace Gemma4.Engine.Tests.Models;

/// <summary>Counts tensors on its own thread: every one that an encoder makes is gone when it is done.</summary>
public sealed class LeakTests
{
    [Fact]
    public void Encoders_leave_no_tensor_behind()
    {
        using Gemma4Model model = ExactModel.Of("tiny-e2b");
        DisposeScopeManager.Statistics.Reset();
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(2 * 64, model.EncodeImages([new ImagePatches(new float[3 * 6 * 768], 6)]).Length);
            Assert.Equal(10 * 64, model.EncodeAudio(new float[40 * 128]).Length);
        }
        Assert.Equal(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }
}
