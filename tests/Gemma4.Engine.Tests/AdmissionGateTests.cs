using Gemma4.Engine.Requests;
using Xunit;

namespace Gemma4.Engine.Tests;

public sealed class AdmissionGateTests
{
    [Fact]
    public void A_queue_full_of_batches_keeps_no_one_else_out()
    {
        var gate = new AdmissionGate(maxQueued: 2);
        gate.Enter(isBatch: true);
        gate.Enter(isBatch: true);
        Assert.Throws<RequestRejectedException>(() => gate.Enter(isBatch: true));
        gate.Check();
        gate.Enter(isBatch: false);
        Assert.Equal((1, 0, 3), (gate.NumQueued, gate.NumRunning, gate.NumActive));
        gate.Enter(isBatch: false);
        Assert.Throws<RequestRejectedException>(() => gate.Enter(isBatch: false));
        Assert.Throws<RequestRejectedException>(gate.Check);

        gate.LeaveQueue(isBatch: true, TimeSpan.FromSeconds(1));
        Assert.Equal((2, 1, 4), (gate.NumQueued, gate.NumRunning, gate.NumActive));
        gate.Enter(isBatch: true);
        Assert.Throws<RequestRejectedException>(() => gate.Enter(isBatch: false));
    }
}
