using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text;

namespace Gemma4.Server.Hosting;

/// <summary>The reference of all settings: docs/configuration.md. It is made of the options classes, so it cannot say anything else than they do.</summary>
internal static class SettingsReference
{
    private const string Head = """
        # Configuration

        Every setting of `gemma4 serve`, made by `./dev reference` from the options that the program reads; a test compares them. [program.md](program.md) says what the program is, `--help` the
        switches alone.

        A setting has a key, `Section:Key`, and can be given in five places. Later ones win:

        | Where | How |
        |---|---|
        | `appsettings.json` beside the program | `{"Engine": {"MaxSequences": 64}}` |
        | a file of the same layout | `--config FILE` |
        | the environment | `GEMMA4__Engine__MaxSequences=64` |
        | the command line, any setting | `--Engine:MaxSequences 64` or `--Engine:MaxSequences=64` |
        | the command line, those with a switch | `--max-sequences 64` |

        The last two are one place: what stands further right wins. A list is `GEMMA4__Server__ApiKeys__0=…`, `…__1=…` in the environment, a JSON array in files, and separated by commas behind its
        switch. Times are `HH:MM:SS`. An unknown key, or a value outside of what the table allows, ends the start with exit code 2 and a message that names the key and the nearest known one. No default
        means that nothing is set; the last column says what is done then.

        """;

    private const string Others = """

        ## Variables and keys of others

        | Name | What it does |
        |---|---|
        | `HF_HOME`, `HF_HUB_CACHE`, `HF_TOKEN`, `HF_TOKEN_PATH`, `HF_ENDPOINT`, `HF_HUB_OFFLINE`, `HF_HUB_DISABLE_SYMLINKS` | where models of the hub come from and lie, as for Hugging Face's own programs ([models.md](models.md#a-model-by-name)) |
        | `HTTPS_PROXY`, `NO_PROXY` | a proxy for fetching models |
        | `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER` and the others of OpenTelemetry | where metrics and spans are sent to ([operations.md](operations.md#otlp)) |
        | `Serilog:MinimumLevel:Default`, `Serilog:MinimumLevel:Override:NAME` | what is logged: `Verbose`, `Debug`, `Information` (default), `Warning`, `Error`, `Fatal` |

        """;

    private const int Mebibyte = 1 << 20;

    /// <summary>What a number counts, by the end of its name.</summary>
    private static readonly (string Ending, string Unit)[] Units =
    [
        ("Bytes", "bytes"), ("BytesInFlight", "bytes"), ("Megabytes", "megabytes"), ("Milliseconds", "milliseconds"), ("Seconds", "seconds"), ("Days", "days"), ("Tokens", "tokens"), ("TokensPerStep", "tokens"),
        ("TokensPerPass", "tokens"), ("ContextLength", "tokens"), ("BlockSize", "tokens"), ("PatternLength", "characters"), ("GrammarLength", "characters"), ("Pixels", "pixels"),
        ("Budgets", "tokens each"),
    ];

    /// <summary>Markdown; the same text each time.</summary>
    public static string Render()
    {
        var summaries = new XmlSummaries();
        var text = new StringBuilder(Head);
        foreach ((string section, Type options) in OptionsBinding.Sections)
        {
            string about = summaries.Of(options).Replace($" Section `{section}`.", "", StringComparison.Ordinal);
            text.Append(CultureInfo.InvariantCulture, $"\n## {section}\n\n{about}\n\n| Setting | Default | Values | |\n|---|---|---|---|\n");
            object defaults = Activator.CreateInstance(options)!;
            foreach (PropertyInfo property in options.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite))
                text.Append(Row(section, property, property.GetValue(defaults), summaries.Of(property)));
        }
        return text.Append(Others).ToString();
    }

    private static string Row(string section, PropertyInfo property, object? value, string meaning)
    {
        string key = $"{section}:{property.Name}";
        (string Name, string Key, string? Value, string Help) own = CommandLine.Switches.SingleOrDefault(s => s.Key == key);
        string[] names = [key, .. own.Name is null ? [] : new[] { $"--{own.Name} {own.Value}".TrimEnd() }, OptionsBinding.EnvironmentPrefix + key.Replace(":", "__", StringComparison.Ordinal) + Suffix(property)];
        string[] cells = [string.Join("<br>", names.Select(name => $"`{name}`")), Default(value, UnitOf(property) == "bytes"), Values(property, own.Value), meaning];
        return $"| {string.Join(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |\n";
    }

    /// <summary>What stands behind the variable's name where it is one of many.</summary>
    private static string Suffix(PropertyInfo property) =>
        property.PropertyType.IsArray ? "__0" : property.PropertyType.IsAssignableTo(typeof(IDictionary)) ? "__NAME" : "";

    private static string Default(object? value, bool isBytes) => value switch
    {
        null => "",
        Array { Length: 0 } => "",
        IDictionary entries => string.Join(", ", entries.Keys.Cast<object>().Select(key => $"{key} {entries[key]}")),
        bool flag => flag ? "`true`" : "`false`",
        int number and >= Mebibyte when isBytes => $"`{number}` ({number / Mebibyte} MiB)",
        long number and >= Mebibyte when isBytes => $"`{number}` ({number / Mebibyte} MiB)",
        _ => $"`{Convert.ToString(value, CultureInfo.InvariantCulture)}`",
    };

    private static string Values(PropertyInfo property, string? placeholder)
    {
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        string range = property.GetCustomAttribute<RangeAttribute>() is { } rule ? Range(rule)
            : property.GetCustomAttribute<AllowedValuesAttribute>() is { } allowed ? Choice(allowed.Values.Select(v => $"{v}"))
            : placeholder is not null && CommandLine.IsChoice(placeholder) ? Choice(placeholder.Split('|'))
            : type == typeof(bool) ? Choice(["true", "false"])
            : type == typeof(string) ? "text"
            : type.IsArray ? "list of texts"
            : type == typeof(TimeSpan) ? "time" : "";
        return $"{range} {UnitOf(property)}".Trim();
    }

    private static string? UnitOf(PropertyInfo property) => Units.FirstOrDefault(u => property.Name.EndsWith(u.Ending, StringComparison.Ordinal)).Unit;

    private static string Choice(IEnumerable<string> values) => string.Join(", ", values.Select(value => $"`{value}`"));

    private static string Range(RangeAttribute rule)
    {
        string from = Convert.ToString(rule.Minimum, CultureInfo.InvariantCulture)!, to = Convert.ToString(rule.Maximum, CultureInfo.InvariantCulture)!;
        bool isOpen = rule.Maximum is int.MaxValue or >= (double)long.MaxValue;
        return isOpen ? $"at least {from}" : $"{from} to {to}";
    }
}
