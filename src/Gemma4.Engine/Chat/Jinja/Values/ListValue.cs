namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary>A list.</summary>
internal sealed class ListValue(IReadOnlyList<Value> items) : SequenceValue(items)
{
    public override string TypeName => "list";

    public override bool IsHashable => false;

    public override SequenceValue With(IReadOnlyList<Value> other) => new ListValue(other);

    public override void WriteRepr(TextBuilder output)
    {
        output.AppendData("[");
        WriteItems(output);
        output.AppendData("]");
    }
}
