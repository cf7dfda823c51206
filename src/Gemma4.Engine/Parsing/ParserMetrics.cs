using System.Diagnostics.Metrics;

namespace Gemma4.Engine.Parsing;

/// <summary>Counts irregular answers: <c>gemma4.parser.irregularities{kind}</c>.</summary>
public sealed class ParserMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Gemma4.Parsing";

    private readonly Counter<long> _irregularities;

    /// <summary>Makes the instrument.</summary>
    /// <param name="meters">Where the meter comes from; owns it.</param>
    public ParserMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        _irregularities = meters.Create(MeterName).CreateCounter<long>(
            "gemma4.parser.irregularities", "{irregularity}", "Irregularities of answers, by kind: repairs, and calls passed on as text.");
        foreach (OutputIrregularity kind in Enum.GetValues<OutputIrregularity>())
            Count(kind, 0);
    }

    internal void Count(OutputIrregularity kind, int count) =>
        _irregularities.Add(count, new KeyValuePair<string, object?>("kind", kind.ToString()));
}
