using Gemma4.Engine.Configuration;
using Gemma4.Engine.Models;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Gemma4.Engine.Simulation;
using Gemma4.Measurement;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Measurement;

/// <summary>What is planned of a model's speed beside what its steps take, on the machine that both are measured on: one thread, and no test beside it.</summary>
[Collection("alone")]
public sealed class PlannedSpeedTests
{
    /// <summary>Wide, since other programs may run in one of the two measurements. On an idle machine it is 0.6 to 1.5.</summary>
    private const double Factor = 8;

    [Fact]
    public void Steps_of_the_demo_model_take_about_what_is_reckoned()
    {
        var compute = new ComputeOptions { Device = "cpu", Threads = 1 };
        var checkpoint = Checkpoint.Open(RepositoryPaths.DemoModel, textOnly: true);
        var plan = ModelPlan.Of(checkpoint, compute);
        MachineSpeed machine = MachineMeasurement.Run(plan, compute.Threads);
        TestContext.Current.TestOutputHelper?.WriteLine($"{machine}");
        Assert.InRange(machine.BytesPerSecond, 1e8, 1e13);
        Assert.InRange(machine.ProductsPerSecond, 1e8, 1e14);
        var cost = new StepCost(plan.Work, machine);
        using Gemma4Model model = checkpoint.LoadModel(compute);
        using var steps = new TimedSteps(model);
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        foreach ((int sequences, int tokens, int position) in (ReadOnlySpan<(int, int, int)>)[(1, 512, 0), (1, 1, 256), (8, 1, 256)])
        {
            double measured = Enumerable.Range(0, 3).Min(_ => steps.Run(sequences, tokens, position, repeats: 3, cancelled).Time.TotalSeconds);
            double reckoned = cost.Of(new StepPlan([.. Enumerable.Range(0, sequences).Select(i => Scheduled(i, position, tokens))])).TotalSeconds;
            TestContext.Current.TestOutputHelper?.WriteLine($"{sequences} x {tokens}: measured {measured * 1e3:0.000} ms, reckoned {reckoned * 1e3:0.000} ms");
            Assert.InRange(reckoned / measured, 1 / Factor, Factor);
        }
    }

    private static ScheduledSequence Scheduled(int index, int position, int tokens)
    {
        var request = new GenerationRequest { Id = $"{index}", PromptTokenIds = [.. new int[position + tokens]], Sampling = new SamplingParams() };
        return new ScheduledSequence(new Sequence(new SequenceId(index), request, 0, 0), position, tokens, [], Samples: true);
    }
}
