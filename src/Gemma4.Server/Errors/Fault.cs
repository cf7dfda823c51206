using System.Globalization;

namespace Gemma4.Server.Errors;

/// <summary>The errors of a request's fields, in the words OpenAI uses: clients match on some of them.</summary>
internal static class Fault
{
    public static ApiException Of(string message, string? param = null, string? code = null) => new(ApiError.BadRequest(message, param, code));

    public static ApiException MalformedJson() => Of(
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. " +
        "The API expects a JSON payload, but what was sent was not valid JSON.)");

    public static ApiException Missing(string param) => Of($"Missing required parameter: '{param}'.", param, "missing_required_parameter");

    public static ApiException Type(string param, string expected, string got) =>
        Of($"Invalid type for '{param}': expected {expected}, but got {got} instead.", param, "invalid_type");

    public static ApiException Value(string param, string got, IReadOnlyList<string> supported) =>
        Of($"Invalid value: '{got}'. Supported values are: {Listed(supported)}.", param, "invalid_value");

    public static ApiException UnsupportedValue(string param, string message) => Of(message, param, "unsupported_value");

    public static ApiException UnsupportedParameter(string param, string reason, string code = "unsupported_parameter") =>
        Of($"Unsupported parameter: '{param}' {reason}", param, code);

    // The kind of a number is "integer" or "decimal"; it is part of the code.
    public static ApiException AboveMaximum(string param, string kind, double maximum, string got) => Of(
        $"Invalid '{param}': {kind} above maximum value. Expected a value <= {Number(maximum)}, but got {got} instead.",
        param, $"{kind}_above_max_value");

    public static ApiException BelowMinimum(string param, string kind, double minimum, string got) => Of(
        $"Invalid '{param}': {kind} below minimum value. Expected a value >= {Number(minimum)}, but got {got} instead.",
        param, $"{kind}_below_min_value");

    public static ApiException TooLong(string param, int maximum, int length) => Of(
        $"Invalid '{param}': string too long. Expected a string with maximum length {maximum}, but got a string with length {length} instead.",
        param, "string_above_max_length");

    public static ApiException TooShort(string param, int minimum) => Of(
        $"Invalid '{param}': empty string. Expected a string with minimum length {minimum}, but got an empty string instead.",
        param, minimum == 1 ? "empty_string" : "string_below_min_length");

    public static ApiException Pattern(string param, string pattern) => Of(
        $"Invalid '{param}': string does not match pattern. Expected a string that matches the pattern '{pattern}'.", param, "invalid_value");

    public static ApiException EmptyArray(string param) => Of(
        $"Invalid '{param}': empty array. Expected an array with minimum length 1, but got an empty array instead.", param, "empty_array");

    public static ApiException ArrayTooLong(string param, int maximum, int length) => Of(
        $"Invalid '{param}': array too long. Expected an array with maximum length {maximum}, but got an array with length {length} instead.",
        param, "array_above_max_length");

    public static ApiException TooManyProperties(string param, int maximum, int count) => Of(
        $"Invalid '{param}': too many properties. Expected an object with at most {maximum} properties, but got an object with {count} properties instead.",
        param, "object_above_max_properties");

    /// <summary>A field nobody knows, under <c>--strict-params</c>.</summary>
    public static ApiException Unknown(string path, bool isTopLevel) => isTopLevel
        ? Of($"Unrecognized request argument supplied: {path}")
        : Of($"Unknown parameter: '{path}'.", path, "unknown_parameter");

    /// <summary>'a', 'b', and 'c', as the API lists values.</summary>
    public static string Listed(IReadOnlyList<string> values) => values.Count switch
    {
        1 => $"'{values[0]}'",
        2 => $"'{values[0]}' and '{values[1]}'",
        _ => string.Join(", ", values.Take(values.Count - 1).Select(v => $"'{v}'")) + $", and '{values[^1]}'",
    };

    private static string Number(double value) => value.ToString("0.##########", CultureInfo.InvariantCulture);
}
