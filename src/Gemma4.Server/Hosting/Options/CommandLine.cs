using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;
using Gemma4.Server.Hub;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage.Databases;

namespace Gemma4.Server.Hosting;

/// <summary>The switches of the command line and the configuration keys they set.</summary>
internal static class CommandLine
{
    /// <summary>Name, key, placeholder of the value (null for a flag) and one line of help.</summary>
    public static IReadOnlyList<(string Name, string Key, string? Value, string Help)> Switches { get; } =
    [
        ("model", "Model:Path", "PATH|ORG/NAME", "folder of the checkpoint, GGUF file, or a model of the hub (default demo-model)"),
        ("revision", "Model:Revision", "REV", "branch, tag or commit of a model of the hub"),
        ("mmproj", "Model:Mmproj", "FILE", "GGUF file with the towers for images and audio of a GGUF model"),
        ("text-only", "Model:TextOnly", null, "leave the towers for images and audio clips away"),
        ("served-model-name", "Model:ServedNames", "ID[,ID…]", "ids for the field model; the first is shown (default: the folder's or file's name)"),
        ("any-model", "Model:AnyName", null, "take whatever requests name in the field model"),
        ("device", "Model:Device", "auto|cpu|cuda[:N]", "where the model is computed"),
        ("backend", "Model:Backend", "auto|cpu|torch", "what computes it: our own kernels, or libtorch's operators"),
        ("dtype", "Model:DType", "auto|float32|bfloat16", "type the weights are computed in"),
        ("kv-dtype", "Model:KvDType", "auto|float32|bfloat16|int8", "type that keys and values are stored in"),
        ("quantization", "Model:Quantization", "none|int8|int4", "round weights while loading, on a CPU"),
        ("kernels", "Model:Kernels", "auto|portable|avx2|avx512|avx512-vnni", "kernels of quantised weights; all give the same bits"),
        ("lazy-weights", "Model:LazyWeights", null, "read mapped weights when they are first used, not at the start"),
        ("threads", "Model:Threads", "N", "threads that compute on a CPU (default: one a core)"),
        ("data", "Storage:Data", "DIR|memory|CONNECTION", "where what is to be kept is kept: a folder (default: gemma4 in the user's state folder), memory, or PostgreSQL as in Host=db;Database=gemma4"),
        ("host", "Server:Host", "ADDRESS", "address to listen on (default 127.0.0.1)"),
        ("port", "Server:Port", "PORT", "port to listen on (default 8000)"),
        ("api-key", "Server:ApiKeys", "KEY[,KEY…]", "keys of which requests must bring one"),
        ("api-key-file", "Server:ApiKeyFile", "FILE|DIR", "keys with names and limits (JSON), or a folder with a file a key; read again when it changes"),
        ("tls-cert", "Server:TlsCertificate", "FILE", "certificate and its chain in PEM: serve HTTPS; read again when it changes"),
        ("tls-key", "Server:TlsKey", "FILE", "private key of the certificate in PEM"),
        ("audit-log", "Server:AuditLog", "FILE", "add a line of JSON for each request: key name, route, model, status, tokens; never text"),
        ("log-format", "Server:LogFormat", "text|json", "how the log is written (default text)"),
        ("step-timeout", "Engine:StepTimeout", "HH:MM:SS", "time of a step after which the engine counts as hanging (default 00:10:00; 0 for ever)"),
        ("cors-origins", "Server:CorsOrigins", "ORIGIN[,ORIGIN…]", "origins whose pages may call the API"),
        ("allowed-hosts", "Server:AllowedHosts", "NAME[,NAME…]", "names of this server that requests may call it by, beside the loopback's"),
        ("open-metrics", "Server:OpenMetrics", null, "answer /metrics without a key"),
        ("no-page", "Server:NoPage", null, "serve no page at /, only the API"),
        ("strict-params", "Api:StrictParams", null, "refuse unknown request fields instead of ignoring them"),
        ("think", "Api:ThinkByDefault", null, "let the model think when a request does not say"),
        ("reasoning-field", "Api:ReasoningField", "reasoning_content|reasoning|both", "name of the field that carries thoughts"),
        ("json-whitespace", "Api:JsonWhitespace", "json|compact", "white space in JSON that an answer is held to"),
        ("max-context", "Engine:MaxContextLength", "TOKENS", "prompt and output of one sequence together"),
        ("max-sequences", "Engine:MaxSequences", "N", "sequences that may share a step"),
        ("max-tokens-per-step", "Engine:MaxTokensPerStep", "N", "tokens a step computes at most"),
        ("max-queue", "Engine:MaxQueuedRequests", "N", "requests that may wait for their first step"),
        ("allow-media-urls", "Media:AllowUrls", null, "fetch images, audio clips and videos from public web addresses"),
        ("media-urls", "Media:AllowedUrls", "HOST|PREFIX[,…]", "fetch them from these hosts or URL prefixes only"),
        ("media-folder", "Media:LocalFolder", "DIR", "folder of files that file:// URLs may name"),
        ("image-tokens", "Media:ImageSoftTokens", "70|140|280|560|1120", "soft tokens of an image whose request does not say"),
        ("allow-audio-windows", "Media:AllowWindows", null, "cut audio clips of more than 30 s into windows where a request does not say"),
        ("memory-budget", "Engine:MemoryBudgetBytes", "BYTES", "memory of weights, cache and work together (default: what the machine has)"),
        ("kv-cache-bytes", "Engine:KvCacheBytes", "BYTES", "memory of the KV cache (default: from free memory)"),
    ];

    /// <summary>Keys the host itself hands over when it starts the server inside a test, sections without a value among them.</summary>
    private static readonly string[] HostKeys = ["environment", "contentRoot", "applicationName", "Model", "Server", "Api", "Storage", "Engine", "Media", "Constraints"];

    /// <summary>Keys whose switches take several values, separated by commas.</summary>
    private static readonly string[] Lists = ["Model:ServedNames", "Server:ApiKeys", "Server:CorsOrigins", "Server:AllowedHosts", "Media:AllowedUrls"];

    /// <summary>Names a file of settings, which no key can.</summary>
    private const string ConfigSwitch = "config";

    /// <summary>How all command lines of the program are read: nothing is put in the place of <c>@FILE</c>.</summary>
    public static ParserConfiguration Parser { get; } = new() { ResponseFileTokenReplacer = null };

    /// <summary>The switches as options of a command. Their values are read by <c>Parse</c>, which says what is wrong in its own words.</summary>
    public static IEnumerable<Option> Options()
    {
        foreach ((string name, string key, string? value, string help) in Switches)
        {
            string description = $"{help} [{key}]";
            if (value is null)
            {
                yield return new Option<bool>("--" + name) { Description = description };
                continue;
            }
            var option = new Option<string[]>("--" + name) { Description = description, HelpName = value, Arity = ArgumentArity.ZeroOrMore };
            if (IsChoice(value))
                option.CompletionSources.Add(value.Split('|'));
            else if (name == "model")
                option.CompletionSources.Add(_ => HubListing.Names().Select(cached => new CompletionItem(cached)));
            yield return option;
        }
        yield return new Option<string[]>("--" + ConfigSwitch)
        {
            Description = "JSON file of settings, laid out like appsettings.json, that come after those of appsettings.json",
            HelpName = "FILE",
            Arity = ArgumentArity.ZeroOrMore,
        };
    }

    /// <summary>Switches to configuration keys.</summary>
    /// <param name="args">The switches.</param>
    /// <exception cref="OptionsException">A switch nobody knows, or one without its value.</exception>
    public static Dictionary<string, string?> Parse(IReadOnlyList<string> args) => Parse(args, out _);

    /// <summary>Switches to configuration keys.</summary>
    /// <param name="args">The switches.</param>
    /// <param name="configFile">The file of settings that they name; null where they name none.</param>
    /// <exception cref="OptionsException">A switch nobody knows, or one without its value.</exception>
    public static Dictionary<string, string?> Parse(IReadOnlyList<string> args, out string? configFile)
    {
        var command = new Command("serve") { TreatUnmatchedTokensAsErrors = false };
        foreach (Option option in Options())
            command.Add(option);
        ParseResult result = command.Parse(args, Parser);
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, string key, string? value, _) in Switches)
        {
            foreach (string given in Given(result, name, isFlag: value is null))
                Set(settings, key, given);
        }
        configFile = Given(result, ConfigSwitch, isFlag: false).LastOrDefault();
        SetKeys(settings, result.UnmatchedTokens);
        if (settings.GetValueOrDefault("Storage:Data") is { Length: > 0 } data && DatabaseChoice.HasPassword(data))
        {
            throw new OptionsException("A password on the command line can be read by every user of this machine. Put the connection string into the variable "
                + "GEMMA4__Storage__Data or a file of settings (--config), or the password into PGPASSWORD or PGPASSFILE.");
        }
        // A server that was meant to have a key and got an empty one would let everybody in.
        foreach (string list in Lists.Where(settings.ContainsKey))
        {
            if (!settings.Remove(list, out string? value) || value!.Length > 0 || !settings.ContainsKey($"{list}:0"))
                throw new OptionsException($"{list} is given an empty entry on the command line. Give it a value, or leave the switch away. See --help.");
        }
        return settings;
    }

    /// <summary>The values of a switch, in their order; that of a flag is true where it has none.</summary>
    private static string[] Given(ParseResult result, string name, bool isFlag)
    {
        if (result.GetResult("--" + name) is not OptionResult { Implicit: false } given)
            return [];
        string[] values = [.. given.Tokens.Select(token => token.Value)];
        if (isFlag)
            return values.Length == 0 ? ["true"] : values;
        return values.Length == given.IdentifierTokenCount ? values : throw NeedsValue(name);
    }

    /// <summary><c>--Section:Key VALUE</c> and <c>--Section:Key=VALUE</c>; whether the key exists is checked with those of the other sources.</summary>
    private static void SetKeys(Dictionary<string, string?> settings, IReadOnlyList<string> tokens)
    {
        for (int i = 0; i < tokens.Count; i++)
        {
            if (!tokens[i].StartsWith("--", StringComparison.Ordinal) || tokens[i].Length == 2)
                throw new OptionsException($"'{tokens[i]}' is not a switch; values follow their switch, as in --model PATH. See --help.");
            string name = tokens[i][2..];
            string? value = null;
            if (name.IndexOf('=') is > 0 and int equals)
                (name, value) = (name[..equals], name[(equals + 1)..]);
            if (!name.Contains(':') && !HostKeys.Contains(name))
            {
                string nearest = Spelling.Nearest(name, Switches.Select(s => s.Name).Append(ConfigSwitch));
                throw new OptionsException($"--{name} is not a switch of this server. Did you mean --{nearest}? See --help.");
            }
            Set(settings, name, value ?? (++i < tokens.Count ? tokens[i] : throw NeedsValue(name)));
        }
    }

    private static OptionsException NeedsValue(string name) => new($"--{name} needs a value; an empty entry is none. See --help.");

    /// <summary>Whether a placeholder lists what may stand there.</summary>
    public static bool IsChoice(string placeholder) => placeholder.Contains('|') && !placeholder.AsSpan().ContainsAnyInRange('A', 'Z');

    private static void Set(Dictionary<string, string?> settings, string key, string value)
    {
        string[] items = value.Split(',', StringSplitOptions.TrimEntries);
        // A list with an empty entry stays under the list's own key, which is refused in the end. A test's host hands over such a key, empty,
        // beside the list's entries.
        if (!Lists.Contains(key, StringComparer.OrdinalIgnoreCase) || Array.Exists(items, item => item.Length == 0))
        {
            settings[key] = value;
            return;
        }
        foreach (string item in items)
            settings[$"{key}:{settings.Keys.Count(k => k.StartsWith(key + ":", StringComparison.OrdinalIgnoreCase))}"] = item;
    }
}
