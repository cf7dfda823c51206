namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary>What <c>keys()</c>, <c>values()</c> and <c>items()</c> give: it can be counted and walked, not subscribed.</summary>
internal sealed class DictView(string typeName, IReadOnlyList<Value> items) : Value
{
    public override string TypeName => typeName;

    public override int? Count => items.Count;

    public override bool IsIterable => true;

    /// <summary>The items, which are in memory and can be walked backwards.</summary>
    public IReadOnlyList<Value> Items => items;

    public override IEnumerable<Value> Iterate(RenderContext context) => items;

    public override void WriteRepr(TextBuilder output)
    {
        output.AppendData(typeName);
        output.AppendData("(");
        new ListValue(items).WriteRepr(output);
        output.AppendData(")");
    }
}
