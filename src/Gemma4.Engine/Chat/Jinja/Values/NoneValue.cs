namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary><c>none</c>.</summary>
internal sealed class NoneValue : Value
{
    public static readonly NoneValue Instance = new();

    private NoneValue()
    {
    }

    public override string TypeName => "NoneType";

    public override bool IsTrue => false;

    public override void WriteRepr(TextBuilder output) => output.AppendData("None");
}
