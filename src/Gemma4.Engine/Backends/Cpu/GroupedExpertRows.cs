using Gemma4.Engine.Kernels.Panels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>The rows of each chosen expert as its product reads them: quantised by themselves, since tiles of tokens do not span experts.</summary>
/// <param name="team">Threads.</param>
/// <param name="groups">The chosen experts.</param>
/// <param name="columns">Numbers of a row.</param>
/// <param name="readsGroups">True where the weights read groups of signed bytes.</param>
internal sealed unsafe class GroupedExpertRows(ThreadTeam team, ExpertGroups groups, int columns, bool readsGroups) : IParts, IDisposable
{
    private readonly List<ActivationGroups> _grouped = [];
    private readonly GrowingMemory _records = new();
    private float* _rows;

    /// <summary>Prepares all rows.</summary>
    /// <param name="rows"><c>[T · A, columns]</c>, sorted by expert.</param>
    public void Prepare(float* rows)
    {
        _rows = rows;
        if (!readsGroups)
            return;
        long rowBytes = ActivationGroups.BytesOf(1, columns);
        byte* records = _records.Reserve(rowBytes * groups.NumPairs);
        for (int g = 0; g < groups.NumGroups; g++)
        {
            if (g == _grouped.Count)
                _grouped.Add(new ActivationGroups());
            _grouped[g].Attach(records + rowBytes * groups[g].FirstPair, groups[g].NumPairs, columns);
            _grouped[g].Reshape(groups[g].NumPairs, columns);
        }
        team.Run(groups.NumGroups, this);
    }

    /// <summary>The rows of a chosen expert.</summary>
    public CpuInput Of(int group) =>
        new(_rows + (long)groups[group].FirstPair * columns, columns, groups[group].NumPairs, readsGroups ? _grouped[group] : null);

    public void Dispose() => _records.Dispose();

    void IParts.Run(int part, int worker) =>
        _grouped[part].Quantise(_rows + (long)groups[part].FirstPair * columns, columns, 0, groups[part].NumPairs);
}
