using Gemma4.Engine;
using System.Text;
using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Engine.StructuredOutput.Automata;
using Gemma4.Engine.Tokenization;

namespace Gemma4.Verification;

/// <summary>Runs schemas with their instances and counts as MaskBench does. Times are the processor's for this thread, so that a busy machine does not show in them.</summary>
internal sealed class StructuredRunner(ConstraintCompiler compiler, Tokenizer tokenizer, JsonWhitespace whitespace)
{
    private readonly List<double> _compileMicroseconds = [];
    private readonly List<double> _maskMicroseconds = [];
    private readonly List<string> _failures = [];
    private (double Microseconds, string Schema) _slowestMask;
    private string _name = "";
    private readonly uint[] _mask = new uint[(tokenizer.VocabularySize + 31) / 32];

    public int NumSchemas { get; private set; }

    /// <summary>Schemas that compiled and whose instances all came out right.</summary>
    public int NumPassing { get; private set; }

    /// <summary>Schemas refused.</summary>
    public int NumRefused { get; private set; }

    /// <summary>Schemas that refused a valid instance.</summary>
    public int NumValidation { get; private set; }

    /// <summary>Schemas that allowed an invalid instance.</summary>
    public int NumInvalidation { get; private set; }

    /// <summary>No invalid instance allowed, next to no valid one refused, and most schemas supported.</summary>
    public bool KeepsBar => NumSchemas > 0 && NumInvalidation == 0 && NumValidation * 1000 <= NumSchemas * 3 && NumPassing * 100 >= NumSchemas * 85;

    public void Run(JsonElement item)
    {
        NumSchemas++;
        string name = _name = item.GetProperty("name").GetString()!;
        ITokenConstraintSource source;
        TimeSpan started = ProcessorTime.OfThread();
        try
        {
            source = compiler.CompileNew(new ConstraintSpec.JsonSchema(item.GetProperty("schema"), whitespace), CancellationToken.None);
        }
        catch (ConstraintException e)
        {
            _compileMicroseconds.Add((ProcessorTime.OfThread() - started).TotalMicroseconds);
            NumRefused++;
            _failures.Add($"refused       {name}: {e.Message}");
            return;
        }
        _compileMicroseconds.Add((ProcessorTime.OfThread() - started).TotalMicroseconds);
        bool validation = false, invalidation = false;
        foreach (JsonElement test in item.GetProperty("tests").EnumerateArray())
        {
            bool valid = test.GetProperty("valid").GetBoolean();
            string text = Write(test.GetProperty("data"));
            string? refusedAt = Feed(source.Create(), text);
            if (valid == refusedAt is null)
                continue;
            validation |= valid;
            invalidation |= !valid;
            _failures.Add(valid ? $"validation    {name}: refused at {refusedAt}" : $"invalidation  {name}: allowed {text}");
        }
        NumValidation += validation ? 1 : 0;
        NumInvalidation += invalidation ? 1 : 0;
        NumPassing += validation || invalidation ? 0 : 1;
    }

    public void Report(TextWriter output, int maxFailures)
    {
        foreach (string failure in _failures.Order(StringComparer.Ordinal).Take(maxFailures))
            output.WriteLine(failure.Length > 400 ? failure[..400] + " …" : failure);
        string Share(int count) => $"{count,6} {100.0 * count / Math.Max(NumSchemas, 1):F1} %";
        output.WriteLine($"schemas             {NumSchemas,6}");
        output.WriteLine($"passing             {Share(NumPassing)}");
        output.WriteLine($"compile errors      {Share(NumRefused)}");
        output.WriteLine($"validation errors   {Share(NumValidation)}");
        output.WriteLine($"invalidation errors {Share(NumInvalidation)}");
        output.WriteLine($"compile, µs         {Times(_compileMicroseconds)}");
        output.WriteLine($"mask, µs            {Times(_maskMicroseconds)}");
        output.WriteLine($"slowest mask        {_slowestMask.Schema}");
    }

    /// <summary>Null when every token and the end were allowed, else the text before the first that was not.</summary>
    private string? Feed(ITokenConstraint constraint, string text)
    {
        int[] tokens = tokenizer.EncodeText(text);
        for (int i = 0; i < tokens.Length; i++)
        {
            if (!Allows(constraint, tokens[i]))
                return tokenizer.Decode(tokens.AsSpan(0, i)) + " ⟂ " + tokenizer.Decode(tokens.AsSpan(i));
            if (constraint.Accept(tokens[i], mayCompute: true) != AcceptResult.GoesOn && i + 1 < tokens.Length)
                return tokenizer.Decode(tokens.AsSpan(0, i + 1)) + " ⟂ (ended)";
        }
        return tokenizer.Special.Eos is int eos && !Allows(constraint, eos) ? text + " ⟂ (end)" : null;
    }

    private bool Allows(ITokenConstraint constraint, int token)
    {
        TimeSpan started = ProcessorTime.OfThread();
        bool masked = constraint.FillMask(_mask, mayCompute: true) == MaskResult.Masked;
        double microseconds = (ProcessorTime.OfThread() - started).TotalMicroseconds;
        _maskMicroseconds.Add(microseconds);
        if (microseconds > _slowestMask.Microseconds)
            _slowestMask = (microseconds, _name);
        return !masked || (_mask[token >> 5] >> (token & 31) & 1) != 0;
    }

    private string Write(JsonElement value)
    {
        StringBuilder text = new();
        Write(value, text, whitespace == JsonWhitespace.Compact ? "" : " ");
        return text.ToString();
    }

    private static void Write(JsonElement value, StringBuilder text, string gap)
    {
        string comma = "";
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                text.Append('{');
                foreach (JsonProperty property in value.EnumerateObject())
                {
                    text.Append(comma);
                    Write(property.Name, text);
                    text.Append(':').Append(gap);
                    Write(property.Value, text, gap);
                    comma = "," + gap;
                }
                text.Append('}');
                break;
            case JsonValueKind.Array:
                text.Append('[');
                foreach (JsonElement item in value.EnumerateArray())
                {
                    text.Append(comma);
                    Write(item, text, gap);
                    comma = "," + gap;
                }
                text.Append(']');
                break;
            case JsonValueKind.String:
                Write(value.GetString()!, text);
                break;
            default:
                text.Append(value.GetRawText());
                break;
        }
    }

    private static void Write(string value, StringBuilder text)
    {
        text.Append('"');
        foreach (char c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                < ' ' => text.Append($"\\u{(int)c:x4}"),
                _ => text.Append(c),
            };
        }
        text.Append('"');
    }

    private static string Times(List<double> microseconds)
    {
        if (microseconds.Count == 0)
            return "none";
        double[] sorted = [.. microseconds.Order()];
        double At(double share) => sorted[Math.Min((int)(share * sorted.Length), sorted.Length - 1)];
        return $"mean {sorted.Average():F0}, p50 {At(0.5):F0}, p90 {At(0.9):F0}, p99 {At(0.99):F0}, p99.9 {At(0.999):F0}, max {sorted[^1]:F0} ({sorted.Length:N0})";
    }
}
