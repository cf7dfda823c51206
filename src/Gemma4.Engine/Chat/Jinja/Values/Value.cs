namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary>A value of the template language. Its operations are those of the Python value it stands for.</summary>
internal abstract class Value
{
    /// <summary>Python's name of the type, for messages.</summary>
    public abstract string TypeName { get; }

    public virtual bool IsTrue => Count is not 0;

    /// <summary>What <c>len</c> gives; null where it refuses.</summary>
    public virtual int? Count => null;

    public virtual bool IsIterable => false;

    /// <summary>Whether the value has a length and can be subscribed (the test <c>sequence</c>).</summary>
    public virtual bool IsSequence => false;

    /// <summary>Writes what <c>repr</c> gives.</summary>
    public abstract void WriteRepr(TextBuilder output);

    /// <summary>Writes what <c>str</c> gives.</summary>
    public virtual void WriteStr(TextBuilder output) => WriteRepr(output);

    /// <summary>The elements. Every element costs its reader a step.</summary>
    public virtual IEnumerable<Value> Iterate(RenderContext context) =>
        throw Fault.Value($"'{TypeName}' object is not iterable");

    /// <summary><c>value[key]</c>; null where Python raises a TypeError or LookupError.</summary>
    public virtual Value? TryGetItem(Value key, RenderContext context) => null;

    /// <summary><c>value.name</c>; null where Python raises an AttributeError.</summary>
    public virtual Value? TryGetAttribute(string name, RenderContext context) => null;

    public virtual Value Call(Arguments arguments, RenderContext context) =>
        throw Fault.Value($"'{TypeName}' object is not callable");

    public virtual bool IsCallable => false;

    public virtual bool ValueEquals(Value other) => ReferenceEquals(this, other);

    public virtual int ValueHash() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

    /// <summary>Steps it takes to compare the value or to use it as a key: one for each value inside it, a share for texts.</summary>
    public virtual long Weight => 0;

    /// <summary>Whether the value may be a key of a dict.</summary>
    public virtual bool IsHashable => true;

    /// <summary>The value as <c>str</c> gives it.</summary>
    public Text ToText(RenderBudget budget)
    {
        if (this is Text text)
            return text;
        var builder = new TextBuilder(budget);
        WriteStr(builder);
        return builder.ToText();
    }

    /// <summary>The elements in a list.</summary>
    public List<Value> ToList(RenderContext context)
    {
        var items = new List<Value>();
        foreach (Value item in Iterate(context))
        {
            context.Budget.Step();
            context.Budget.Elements(1);
            items.Add(item);
        }
        return items;
    }

    /// <summary>Python's name of the type with "object", as jinja2's messages spell it.</summary>
    public string Describe() => this is NoneValue ? "None" : $"{TypeName} object";
}
