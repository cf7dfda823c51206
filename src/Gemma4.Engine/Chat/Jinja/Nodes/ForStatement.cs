using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Nodes;

/// <summary><c>{% for target in items if condition %}…{% else %}…{% endfor %}</c>.</summary>
internal sealed class ForStatement(
    int line, Target target, Expression items, Expression? condition, bool isRecursive, Block body, Block? otherwise) : Statement(line)
{
    public override Flow Execute(Frame frame, TextBuilder output)
    {
        Run(items.Evaluate(frame), 0, frame, output);
        return Flow.Next;
    }

    private void Run(Value iterable, int depth, Frame frame, TextBuilder output)
    {
        RenderContext context = frame.Context;
        IReadOnlyList<Value> elements = Select(iterable, frame);
        Func<Value, Text>? recurse = isRecursive ? inner => Capture(inner, depth + 1, frame) : null;
        var loop = new LoopValue(elements, depth, recurse);
        while (loop.MoveNext())
        {
            context.Budget.Step();
            Frame inner = frame.Nested();
            inner.Assign("loop", loop);
            target.Assign(inner, loop.Current);
            if (body.Execute(inner, output) == Flow.Break)
                break;
        }
        if (elements.Count == 0)
            otherwise?.Execute(frame.Nested(), output);
    }

    private Text Capture(Value iterable, int depth, Frame frame)
    {
        var output = new TextBuilder(frame.Context.Budget);
        Run(iterable, depth, frame, output);
        return output.ToText();
    }

    private IReadOnlyList<Value> Select(Value iterable, Frame frame)
    {
        if (condition is null && iterable is SequenceValue sequence)
        {
            frame.Context.Budget.Step(sequence.Items.Count);
            return sequence.Items;
        }
        List<Value> all = iterable.ToList(frame.Context);
        if (condition is null)
            return all;
        Frame inner = frame.Nested(); // without a "loop" of its own: the name means the loop around this one
        return all.FindAll(element =>
        {
            target.Assign(inner, element);
            return condition.Evaluate(inner).IsTrue;
        });
    }
}
