using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary>What <c>list</c> and <c>tuple</c> have.</summary>
internal static class SequenceMethods
{
    private static readonly MethodTable<SequenceValue> OfTuples = new(new() { ["count"] = Count, ["index"] = Index });

    private static readonly MethodTable<SequenceValue> OfLists = new(
        new() { ["count"] = Count, ["index"] = Index, ["copy"] = (sequence, _, _) => sequence },
        "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");

    public static Value? TryBind(SequenceValue sequence, string name) => (sequence is ListValue ? OfLists : OfTuples).TryBind(sequence, name);

    private static Value Count(SequenceValue sequence, Arguments arguments, RenderContext context)
    {
        Value wanted = arguments.BindRequired("count", 1, "value")[0]!;
        context.Budget.Step(sequence.Items.Count);
        return IntValue.Of(sequence.Items.Count(item => Comparison.AreEqual(item, wanted, context)));
    }

    private static Value Index(SequenceValue sequence, Arguments arguments, RenderContext context)
    {
        Value wanted = arguments.BindRequired("index", 1, "value")[0]!;
        for (int i = 0; i < sequence.Items.Count; i++)
        {
            context.Budget.Step();
            if (Comparison.AreEqual(sequence.Items[i], wanted, context))
                return IntValue.Of(i);
        }
        throw Fault.Value($"{sequence.TypeName}.index(x): x not in {sequence.TypeName}");
    }
}
