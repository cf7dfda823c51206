namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary>Characters of one provenance, from the end of the run before to <paramref name="End"/>.</summary>
internal readonly record struct ProvenanceRun(int End, Provenance Provenance)
{
    public static readonly IComparer<ProvenanceRun> ByEnd = Comparer<ProvenanceRun>.Create((a, b) => a.End.CompareTo(b.End));
}
