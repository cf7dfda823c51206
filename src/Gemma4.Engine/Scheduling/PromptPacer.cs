namespace Gemma4.Engine.Scheduling;

/// <summary>Learns what tokens cost on this machine and says how many of a prompt a step may read, so that steps stay short.</summary>
/// <remarks>
/// A machine that reads 30 tokens a second would make a step of 2,048 last a minute, in which no one gets a token and no command is
/// heard. Beside next tokens a prompt gets what is left of the target, or as much time as they take where that is more: text then flows at
/// half its speed at worst. Where no one waits for a next token steps may be ten times the target.
/// </remarks>
internal sealed class PromptPacer(TimeSpan target)
{
    /// <summary>Pieces smaller than this would cost more than they spare.</summary>
    private const int MinTokens = 16;

    private const double AloneFactor = 10;

    /// <summary>What the first piece may be, from which the rest is learned.</summary>
    private const int FirstTokens = 64;

    /// <summary>Weight of the newest step.</summary>
    private const double Newest = 0.3;

    private double _nextTokenStep;      // seconds of a step that reads no prompt
    private double _promptToken;        // seconds of a prompt's token beside those; 0 until one was read

    /// <summary>What the next step may read.</summary>
    public PromptBudget Budget => _promptToken == 0
        ? new PromptBudget(FirstTokens, FirstTokens)
        : new PromptBudget(Tokens(Math.Max(target.TotalSeconds - _nextTokenStep, _nextTokenStep)), Tokens(AloneFactor * target.TotalSeconds));

    /// <summary>Learns from a step.</summary>
    /// <param name="textTime">What its tokens took.</param>
    /// <param name="plan">What it computed.</param>
    public void Record(TimeSpan textTime, StepPlan plan)
    {
        int numPromptTokens = 0;
        foreach (ref readonly ScheduledSequence scheduled in plan.Sequences)
            numPromptTokens += scheduled.Reads ? scheduled.NumTokens : 0;
        bool hasNextTokens = plan.NumTokens > numPromptTokens;
        // Next tokens alone take no longer than beside a prompt. While every step reads one, as in a crowd, only this says that fewer wait for theirs
        // than when it was learned; with an older estimate prompts would seem to cost nothing, and nothing would be known of them.
        if (numPromptTokens > 0 && hasNextTokens)
            _nextTokenStep = Math.Min(_nextTokenStep, textTime.TotalSeconds);
        double prompt = textTime.TotalSeconds - (hasNextTokens ? _nextTokenStep : 0);
        if (numPromptTokens >= MinTokens && prompt > 0)
            Learn(ref _promptToken, prompt / numPromptTokens);
        else if (numPromptTokens == 0 && hasNextTokens)
            Learn(ref _nextTokenStep, textTime.TotalSeconds);
    }

    /// <summary>A step may be slow by chance, as the first one is, but not fast: so the estimate falls at once and rises slowly.</summary>
    private static void Learn(ref double estimate, double seconds) =>
        estimate = estimate == 0 || seconds < estimate / 2 ? seconds : estimate + Newest * (seconds - estimate);

    private int Tokens(double seconds) => (int)Math.Clamp(seconds / _promptToken, MinTokens, int.MaxValue);
}
