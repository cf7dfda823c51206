using System.Text;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Hosting;

/// <summary>The switches of the command line and the configuration keys they set.</summary>
internal static class CommandLine
{
    /// <summary>Name, key, placeholder of the value (null for a flag) and one line of help.</summary>
    private static readonly (string Name, string Key, string? Value, string Help)[] Switches =
    [
        ("model", "Model:Path", "PATH", "folder of the checkpoint, or GGUF file (default demo-model)"),
        ("mmproj", "Model:Mmproj", "FILE", "GGUF file with the towers for images and audio of a GGUF model"),
        ("served-model-name", "Model:ServedNames", "ID[,ID…]", "ids for the field model; the first is shown (default: the folder's or file's name)"),
        ("any-model", "Model:AnyName", null, "take whatever requests name in the field model"),
        ("device", "Model:Device", "auto|cpu|cuda[:N]", "where the model is computed"),
        ("backend", "Model:Backend", "auto|cpu|torch", "what computes it: our own kernels, or libtorch's operators"),
        ("dtype", "Model:DType", "auto|float32|bfloat16", "type the weights are computed in"),
        ("kv-dtype", "Model:KvDType", "auto|float32|bfloat16|int8", "type that keys and values are stored in"),
        ("quantization", "Model:Quantization", "none|int8|int4", "round weights while loading, on a CPU"),
        ("kernels", "Model:Kernels", "auto|portable|avx2|avx512|avx512-vnni", "kernels of quantised weights; all give the same bits"),
        ("threads", "Model:Threads", "N", "threads that compute on a CPU (default: one a core)"),
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
    private static readonly string[] HostKeys = ["environment", "contentRoot", "applicationName", "Model", "Server", "Api", "Engine", "Media", "Constraints"];

    /// <summary>Keys whose switches take several values, separated by commas.</summary>
    private static readonly string[] Lists = ["Model:ServedNames", "Server:ApiKeys", "Server:CorsOrigins", "Server:AllowedHosts", "Media:AllowedUrls"];

    /// <summary>Switches to configuration keys.</summary>
    /// <exception cref="OptionsException">A switch nobody knows, or one without its value.</exception>
    public static Dictionary<string, string?> Parse(IReadOnlyList<string> args)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        for (int i = 0; i < args.Count; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
                throw new OptionsException($"'{args[i]}' is not a switch; values follow their switch, as in --model PATH. See --help.");
            string name = args[i][2..];
            string? value = null;
            if (name.IndexOf('=') is > 0 and int equals)
                (name, value) = (name[..equals], name[(equals + 1)..]);
            (string key, bool isFlag) = Find(name);
            if (value is null && isFlag)
                value = "true";
            else if (value is null)
                value = ++i < args.Count ? args[i] : throw new OptionsException($"--{name} needs a value. See --help.");
            Set(settings, key, value);
        }
        // A server that was meant to have a key and got an empty one would let everybody in.
        foreach (string list in Lists.Where(settings.ContainsKey))
        {
            if (!settings.Remove(list, out string? value) || value!.Length > 0 || !settings.ContainsKey($"{list}:0"))
                throw new OptionsException($"{list} is given an empty entry on the command line. Give it a value, or leave the switch away. See --help.");
        }
        return settings;
    }

    /// <summary>The text of <c>--help</c>.</summary>
    public static string Help()
    {
        var text = new StringBuilder("""
            Gemma 4 behind an OpenAI-compatible HTTP API.

            dotnet run -c Release --project src/Gemma4.Server -- [switches]      serve
            dotnet run -c Release --project src/Gemma4.Server -- verify …        check checkpoints, templates, tokenizers
            dotnet run -c Release --project src/Gemma4.Server -- conformance …   run HTTP cases against a server it starts


            """);
        foreach ((string name, string key, string? value, string help) in Switches)
            text.AppendLine($"  {"--" + name + " " + value,-48} {help} [{key}]");
        text.Append("""

            Every key of appsettings.json can be set too, as --Section:Key VALUE or as an environment variable GEMMA4__Section__Key.

            """);
        return text.ToString();
    }

    private static (string Key, bool IsFlag) Find(string name)
    {
        foreach ((string switchName, string key, string? value, _) in Switches)
        {
            if (switchName == name)
                return (key, value is null);
        }
        // --Section:Key; whether the key exists is checked with those of the other sources.
        if (name.Contains(':') || HostKeys.Contains(name))
            return (name, false);
        string nearest = Spelling.Nearest(name, Switches.Select(s => s.Name));
        throw new OptionsException($"--{name} is not a switch of this server. Did you mean --{nearest}? See --help.");
    }

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
