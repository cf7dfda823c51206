using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Nodes;

/// <summary>What a value is assigned to.</summary>
internal abstract class Target
{
    public abstract void Assign(Frame frame, Value value);
}

/// <summary><c>name</c>.</summary>
internal sealed class NameTarget(string name) : Target
{
    public override void Assign(Frame frame, Value value) => frame.Assign(name, value);
}

/// <summary><c>namespace.name</c>.</summary>
internal sealed class AttributeTarget(string owner, string name) : Target
{
    public override void Assign(Frame frame, Value value)
    {
        if (frame.Find(owner) is not NamespaceValue space)
            throw Fault.Value("cannot assign attribute on non-namespace object");
        space.Set(name, value);
    }
}

/// <summary><c>a, b</c>.</summary>
internal sealed class TupleTarget(IReadOnlyList<Target> targets) : Target
{
    public override void Assign(Frame frame, Value value)
    {
        List<Value> values = value.ToList(frame.Context);
        if (values.Count > targets.Count)
            throw Fault.Value($"too many values to unpack (expected {targets.Count})");
        if (values.Count < targets.Count)
            throw Fault.Value($"not enough values to unpack (expected {targets.Count}, got {values.Count})");
        for (int i = 0; i < targets.Count; i++)
            targets[i].Assign(frame, values[i]);
    }
}
