namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary>What <c>map</c>, <c>select</c> and their like give: it can be walked once, and has no length.</summary>
internal sealed class GeneratorValue(IEnumerable<Value> items) : Value
{
    private readonly IEnumerator<Value> _items = items.GetEnumerator();

    public override string TypeName => "generator";

    public override bool IsIterable => true;

    public override IEnumerable<Value> Iterate(RenderContext context)
    {
        while (MoveNext())
            yield return _items.Current;
    }

    // One may walk another, and that a third, as many as a loop makes: each step of the last is a step of all.
    private bool MoveNext()
    {
        RenderBudget.EnsureStack();
        return _items.MoveNext();
    }

    public override void WriteRepr(TextBuilder output) => output.AppendData("<generator object>");
}
