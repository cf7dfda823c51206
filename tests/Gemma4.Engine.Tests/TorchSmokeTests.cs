using TorchSharp;
using Xunit;

namespace Gemma4.Engine.Tests;

public sealed class TorchSmokeTests
{
    [Fact]
    public void Libtorch_loads_and_adds()
    {
        using torch.Tensor sum = torch.tensor(2.0f) + torch.tensor(3.0f);
        Assert.Equal(5.0f, sum.item<float>());
    }
}
