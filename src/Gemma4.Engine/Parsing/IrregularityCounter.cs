namespace Gemma4.Engine.Parsing;

/// <summary>Counts irregularities of one answer or of one call.</summary>
internal sealed class IrregularityCounter
{
    private readonly Dictionary<OutputIrregularity, int> _counts = [];

    public IReadOnlyDictionary<OutputIrregularity, int> Counts => _counts;

    public void Note(OutputIrregularity kind) => _counts[kind] = _counts.GetValueOrDefault(kind) + 1;

    public void Add(IrregularityCounter other)
    {
        foreach ((OutputIrregularity kind, int count) in other._counts)
            _counts[kind] = _counts.GetValueOrDefault(kind) + count;
    }
}
