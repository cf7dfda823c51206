using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary>Writes values as Python's <c>json.dumps</c> does.</summary>
internal sealed class JsonWriter(TextBuilder output, JsonStyle style, RenderContext context)
{
    private int _level;

    public void Write(Value value)
    {
        context.Budget.Step();
        RenderBudget.EnsureStack();
        switch (value)
        {
            case Text text:
                WriteText(text);
                break;
            case NoneValue:
                output.AppendData("null");
                break;
            case BoolValue flag:
                output.AppendData(flag.IsTrue ? "true" : "false");
                break;
            case FloatValue number when !double.IsFinite(number.Number):
                output.AppendData(double.IsNaN(number.Number) ? "NaN" : number.Number > 0 ? "Infinity" : "-Infinity");
                break;
            case IntValue or FloatValue:
                output.Append(value);
                break;
            case SequenceValue sequence:
                WriteAll('[', sequence.Items, Write, ']');
                break;
            case DictValue dict:
                WriteAll('{', Sorted(dict), WriteEntry, '}');
                break;
            default:
                throw Fault.Value($"Object of type {value.TypeName} is not JSON serializable");
        }
    }

    private IReadOnlyList<KeyValuePair<Value, Value>> Sorted(DictValue dict) => style.SortKeys
        ? [.. Sorting.Sort(dict.Entries.Select(entry => entry.Key), key => key, isReversed: false, context)
            .Select(key => new KeyValuePair<Value, Value>(key, dict.Find(key)!))]
        : dict.Entries;

    private void WriteAll<T>(char open, IReadOnlyList<T> items, Action<T> write, char close)
    {
        output.AppendData([open]);
        _level++;
        for (int i = 0; i < items.Count; i++)
        {
            if (i > 0)
                output.Append(style.ItemSeparator);
            BreakLine();
            write(items[i]);
        }
        _level--;
        if (items.Count > 0)
            BreakLine();
        output.AppendData([close]);
    }

    private void BreakLine()
    {
        if (style.Indent is null)
            return;
        output.AppendData("\n");
        output.AppendRepeated(style.Indent, _level);
    }

    private void WriteEntry(KeyValuePair<Value, Value> entry)
    {
        if (entry.Key is Text text)
        {
            WriteText(text);
        }
        else if (entry.Key is NoneValue || Numbers.IsNumber(entry.Key))
        {
            output.AppendData("\"");
            Write(entry.Key);
            output.AppendData("\"");
        }
        else
        {
            throw Fault.Value($"keys must be str, int, float, bool or None, not {entry.Key.TypeName}");
        }
        output.Append(style.KeySeparator);
        Write(entry.Value);
    }

    private void WriteText(Text text)
    {
        output.AppendData("\"");
        output.Append(TextOperations.Translate(text, Escape, context.Budget));
        output.AppendData("\"");
    }

    private string? Escape(char c) => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\f' => "\\f",
        '\b' => "\\b",
        < ' ' => $"\\u{(int)c:x4}",
        > '~' when style.EnsureAscii && c > '\x7f' => $"\\u{(int)c:x4}",
        _ => null,
    };
}
