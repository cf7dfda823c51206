namespace Gemma4.FleetSimulation;

/// <summary>Conversations that come by chance, as a pure function of the seed.</summary>
/// <param name="PerSecond">Conversations that begin, over all servers.</param>
/// <param name="Length">How long they begin; those that have begun go on to their end.</param>
/// <param name="Seed">Draws all of it.</param>
/// <remarks>Each belongs to one of some applications (the first is as frequent as the next two together, and so on: Zipf), whose instructions it begins with, and has one turn or more; a
/// turn's text is new to all.</remarks>
internal sealed record Traffic(double PerSecond, TimeSpan Length, int Seed)
{
    /// <summary>Applications.</summary>
    public int NumApps { get; init; } = 20;

    /// <summary>Tokens of an application's instructions and tools.</summary>
    public int AppTokens { get; init; } = 1000;

    /// <summary>Turns of a conversation on average, geometric.</summary>
    public double MeanTurns { get; init; } = 4;

    /// <summary>Tokens of what a user says in a turn, log-uniform.</summary>
    public (int Min, int Max) UserTokens { get; init; } = (20, 400);

    /// <summary>Tokens of an answer, log-uniform.</summary>
    public (int Min, int Max) AnswerTokens { get; init; } = (50, 500);

    /// <summary>Time that a user thinks between an answer and the next turn, exponential.</summary>
    public TimeSpan MeanThinkTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Turns of a conversation at most, so that all fit the context.</summary>
    public int MaxTurns { get; init; } = 12;

    /// <summary>All of them, by their beginning.</summary>
    public IEnumerable<Conversation> Conversations()
    {
        var random = new Random(Seed);
        double[] weights = [.. Enumerable.Range(1, NumApps).Select(app => 1.0 / app)];
        double time = 0;
        for (int index = 0; ; index++)
        {
            time += Exponential(random, 1 / PerSecond);
            if (time >= Length.TotalSeconds)
                yield break;
            var turns = new List<Turn>();
            do
            {
                turns.Add(new Turn(LogUniform(random, UserTokens), LogUniform(random, AnswerTokens), TimeSpan.FromSeconds(Exponential(random, MeanThinkTime.TotalSeconds))));
            }
            while (turns.Count < MaxTurns && random.NextDouble() >= 1 / MeanTurns);
            yield return new Conversation(index, TimeSpan.FromSeconds(time), Drawn(random, weights), AppTokens, turns);
        }
    }

    private static double Exponential(Random random, double mean) => -Math.Log(1 - random.NextDouble()) * mean;

    private static int LogUniform(Random random, (int Min, int Max) range) =>
        (int)Math.Round(range.Min * Math.Pow((double)range.Max / range.Min, random.NextDouble()));

    private static int Drawn(Random random, double[] weights)
    {
        double left = random.NextDouble() * weights.Sum();
        int index = 0;
        while (index < weights.Length - 1 && (left -= weights[index]) >= 0)
            index++;
        return index;
    }
}

/// <summary>A turn of a conversation.</summary>
/// <param name="UserTokens">Tokens of what the user says.</param>
/// <param name="AnswerTokens">Tokens of the answer.</param>
/// <param name="ThinkTime">What passes between the answer and the next turn.</param>
internal readonly record struct Turn(int UserTokens, int AnswerTokens, TimeSpan ThinkTime);
