using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gemma4.Server.Errors;

namespace Gemma4.Server.Mapping;

/// <summary>One validation attribute against one JSON value of the right kind.</summary>
internal static class ValueRules
{
    private static readonly TimeSpan PatternTimeout = TimeSpan.FromSeconds(1);

    public static void Check(ValidationAttribute rule, JsonElement value, string at)
    {
        switch (rule)
        {
            case RangeAttribute range when value.ValueKind == JsonValueKind.Number:
                CheckRange(range, value, at);
                break;
            case AllowedValuesAttribute allowed when value.ValueKind == JsonValueKind.String:
                CheckAllowed(allowed, value.GetString()!, at);
                break;
            case AllowedValuesAttribute allowed when value.ValueKind == JsonValueKind.Array:
                foreach (JsonElement item in value.EnumerateArray())
                    CheckAllowed(allowed, item.GetString()!, at);
                break;
            case AllowedValuesAttribute allowed when value.ValueKind == JsonValueKind.Number:
                CheckAllowed(allowed, value.GetInt32(), at);
                break;
            case DeniedValuesAttribute denied when value.ValueKind == JsonValueKind.Number && denied.Values.Contains(value.GetInt32()):
                throw Fault.BelowMinimum(at, "integer", value.GetInt32() + 1, value.GetRawText());
            case MinLengthAttribute minimum when value.ValueKind == JsonValueKind.Array && value.GetArrayLength() < minimum.Length:
                throw Fault.EmptyArray(at);
            case MinLengthAttribute minimum when value.ValueKind == JsonValueKind.String && value.GetString()!.Length < minimum.Length:
                throw Fault.TooShort(at, minimum.Length);
            case MaxLengthAttribute maximum:
                CheckMaximum(maximum.Length, value, at);
                break;
            case RegularExpressionAttribute pattern when value.ValueKind == JsonValueKind.String:
                if (!Regex.IsMatch(value.GetString()!, pattern.Pattern, RegexOptions.CultureInvariant, PatternTimeout))
                    throw Fault.Pattern(at, pattern.Pattern);
                break;
        }
    }

    /// <summary>Whole numbers that do not fit their type are too large or too small, whatever range is declared.</summary>
    public static void CheckWhole(JsonElement value, Type type, string at)
    {
        (double minimum, double maximum) = type == typeof(int) ? (int.MinValue, int.MaxValue) : (long.MinValue, (double)long.MaxValue);
        if (type == typeof(int) ? value.TryGetInt32(out _) : value.TryGetInt64(out _))
            return;
        string got = value.GetRawText();
        throw got.StartsWith('-')
            ? Fault.BelowMinimum(at, "integer", minimum, got)
            : Fault.AboveMaximum(at, "integer", maximum, got);
    }

    private static void CheckRange(RangeAttribute range, JsonElement value, string at)
    {
        double number = value.GetDouble();
        string kind = range.OperandType == typeof(int) ? "integer" : "decimal";
        double minimum = Convert.ToDouble(range.Minimum, CultureInfo.InvariantCulture);
        double maximum = Convert.ToDouble(range.Maximum, CultureInfo.InvariantCulture);
        if (number < minimum)
            throw Fault.BelowMinimum(at, kind, minimum, value.GetRawText());
        if (number > maximum)
            throw Fault.AboveMaximum(at, kind, maximum, value.GetRawText());
    }

    private static void CheckAllowed<T>(AllowedValuesAttribute allowed, T value, string at)
    {
        if (!allowed.Values.Contains(value))
            throw Fault.Value(at, $"{value}", [.. allowed.Values.Select(v => $"{v}")]);
    }

    private static void CheckMaximum(int maximum, JsonElement value, string at)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Array when value.GetArrayLength() > maximum:
                throw Fault.ArrayTooLong(at, maximum, value.GetArrayLength());
            case JsonValueKind.String when value.GetString()!.Length > maximum:
                throw Fault.TooLong(at, maximum, value.GetString()!.Length);
            case JsonValueKind.Object when value.EnumerateObject().Count() > maximum:
                throw Fault.TooManyProperties(at, maximum, value.EnumerateObject().Count());
        }
    }
}
