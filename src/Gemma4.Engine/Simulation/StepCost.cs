using Gemma4.Engine.Scheduling;

namespace Gemma4.Engine.Simulation;

/// <summary>The time that a step takes: what it reads over the bandwidth, what it computes over the arithmetic, as far as they do not overlap.</summary>
/// <remarks>A roofline (Williams, Waterman and Patterson 2009) of a whole step. It knows text only; docs/scaling.md holds it against measured steps.</remarks>
/// <param name="Model">What the model reads and computes.</param>
/// <param name="Machine">How fast the machine does.</param>
public sealed record StepCost(ModelWork Model, MachineSpeed Machine)
{
    /// <summary>The time of a step.</summary>
    /// <param name="plan">What it computes. Media are not counted.</param>
    public TimeSpan Of(StepPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        int numSampled = 0;
        double kvNumbers = 0, attention = 0;
        foreach (ref readonly ScheduledSequence scheduled in plan.Sequences)
        {
            if (scheduled.Samples)
                numSampled += 1 + scheduled.NumDrafts;
            foreach (AttentionWork work in Model.Attention)
            {
                kvNumbers += (double)work.KvNumbersPerPosition * work.PositionsRead(scheduled.FirstPosition, scheduled.NumTokens);
                attention += (double)work.ProductsPerPair * work.Pairs(scheduled.FirstPosition, scheduled.NumTokens);
            }
        }
        // Tokens choose their experts as if each drew for itself, so a step of T tokens reads this share of them.
        double expertsRead = 1 - Math.Pow(1 - Model.ActiveShare, plan.NumTokens);
        double weightsRead = Model.LayerWeights + Model.ExpertWeights * expertsRead + (numSampled > 0 ? Model.HeadWeights : 0);
        double products = plan.NumTokens * (Model.LayerWeights + Model.ExpertWeights * Model.ActiveShare) + (double)numSampled * Model.HeadWeights + attention;
        double reading = (weightsRead * Model.BitsPerWeight / 8 + kvNumbers * Model.KvBytesPerNumber) / Machine.BytesPerSecond;
        double computing = products / Machine.ProductsPerSecond;
        double seconds = Math.Max(reading, computing) + (1 - Machine.Overlap) * Math.Min(reading, computing);
        return Machine.StepOverhead + TimeSpan.FromSeconds(seconds);
    }
}
