using System.Collections.Concurrent;
using Gemma4.Engine.StructuredOutput.Patterns;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>The formats of JSON Schema that are enforced, as patterns of the whole string. Other formats are annotations.</summary>
internal static class StringFormats
{
    private const string Hour = "([01][0-9]|2[0-3])";

    /// <summary>RFC 3339, the month's length and leap years included.</summary>
    private const string Date =
        "([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
        + "|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)";

    private const string Time = $"{Hour}:[0-5][0-9]:[0-5][0-9](\\.[0-9]{{1,12}})?(Z|[+-]{Hour}:[0-5][0-9])";

    private const string Octet = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";

    private const string Ipv4 = $"({Octet}\\.){{3}}{Octet}";

    private const string H16 = "[0-9A-Fa-f]{1,4}";

    private const string Ls32 = $"({H16}:{H16}|{Ipv4})";

    /// <summary>RFC 4291 as the grammar of RFC 3986 has it.</summary>
    private const string Ipv6 =
        $"(({H16}:){{6}}{Ls32}|::({H16}:){{5}}{Ls32}|({H16})?::({H16}:){{4}}{Ls32}|(({H16}:){{0,1}}{H16})?::({H16}:){{3}}{Ls32}"
        + $"|(({H16}:){{0,2}}{H16})?::({H16}:){{2}}{Ls32}|(({H16}:){{0,3}}{H16})?::{H16}:{Ls32}|(({H16}:){{0,4}}{H16})?::{Ls32}"
        + $"|(({H16}:){{0,5}}{H16})?::{H16}|(({H16}:){{0,6}}{H16})?::)";

    private const string Label = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?";

    private const string HostName = $"(?=.{{1,253}}$){Label}(\\.{Label})*";

    private const string Atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";

    private const string Email = $"(?=.{{1,254}}$){Atom}(\\.{Atom})*@({Label}(\\.{Label})*)";

    private const string Pchar = "([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";

    private const string Authority =
        $"(([A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{{2}})*@)?(\\[({Ipv6}|v[0-9A-Fa-f]+\\.[A-Za-z0-9._~!$&'()*+,;=:-]+)\\]"
        + "|([A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(:[0-9]*)?";

    private const string Query = $"(\\?({Pchar}|[/?])*)?(#({Pchar}|[/?])*)?";

    /// <summary>RFC 3986, section 3.</summary>
    private const string Uri =
        $"[A-Za-z][A-Za-z0-9+.-]*:(//{Authority}(/{Pchar}*)*|/({Pchar}+(/{Pchar}*)*)?|{Pchar}+(/{Pchar}*)*|){Query}";

    private const string RelativeUri =
        $"(//{Authority}(/{Pchar}*)*|/({Pchar}+(/{Pchar}*)*)?|([A-Za-z0-9._~!$&'()*+,;=@-]|%[0-9A-Fa-f]{{2}})+(/{Pchar}*)*|){Query}";

    private const string Duration =
        "P(?!$)([0-9]+W|([0-9]+Y([0-9]+M([0-9]+D)?)?|[0-9]+M([0-9]+D)?|[0-9]+D)?"
        + "(T(?!$)([0-9]+H([0-9]+M([0-9]+S)?)?|[0-9]+M([0-9]+S)?|[0-9]+S))?)";

    private const string Pointer = "(/([^/~]|~[01])*)*";

    private static readonly Dictionary<string, string> Patterns = new()
    {
        ["date"] = Date,
        ["time"] = Time,
        ["date-time"] = $"{Date}[Tt ]{Time}".Replace("[Tt ]", "T", StringComparison.Ordinal),
        ["duration"] = Duration,
        ["email"] = Email,
        ["hostname"] = HostName,
        ["host-name"] = HostName,
        ["ipv4"] = Ipv4,
        ["ip-address"] = Ipv4,
        ["ipv6"] = Ipv6,
        ["uuid"] = "[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}",
        ["uri"] = Uri,
        ["uri-reference"] = $"({Uri}|{RelativeUri})",
        ["json-pointer"] = Pointer,
        ["relative-json-pointer"] = $"(0|[1-9][0-9]*)(#|{Pointer})",
    };

    /// <summary>Formats of JSON Schema that no automaton checks, or not well: they are refused rather than ignored.</summary>
    private static readonly HashSet<string> Unsupported = ["regex", "idn-email", "idn-hostname", "iri", "iri-reference", "uri-template"];

    private static readonly ConcurrentDictionary<string, PatternNode> Read = new();

    public static bool IsKnown(string format) => Patterns.ContainsKey(format) || Unsupported.Contains(format);

    /// <summary>The pattern that the whole string must match, read once.</summary>
    /// <exception cref="ConstraintException">The format is one of JSON Schema's that cannot be enforced.</exception>
    public static PatternNode Pattern(string format, SchemaRef origin) => Patterns.ContainsKey(format)
        ? Read.GetOrAdd(format, static f => PatternParser.Parse($"^({Patterns[f]})$"))
        : throw origin.Refuse($"the format '{format}' is not supported", "format");
}
