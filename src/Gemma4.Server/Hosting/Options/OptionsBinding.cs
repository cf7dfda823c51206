using System.Collections;
using System.Reflection;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Server.Media;
using Gemma4.Server.Settings;
using Microsoft.Extensions.Configuration.Json;

namespace Gemma4.Server.Hosting;

/// <summary>Binds one options class a section, refuses unknown keys and validates at start.</summary>
internal static class OptionsBinding
{
    /// <summary>What variables of settings begin with; the rest is the key with two underscores for each colon.</summary>
    public const string EnvironmentPrefix = "GEMMA4__";

    /// <summary>The sections and the classes that hold their values.</summary>
    public static IReadOnlyList<(string Section, Type Options)> Sections { get; } =
    [
        (ModelOptions.Section, typeof(ModelOptions)),
        (ServerOptions.Section, typeof(ServerOptions)),
        (ApiOptions.Section, typeof(ApiOptions)),
        (StorageOptions.Section, typeof(StorageOptions)),
        ("Engine", typeof(EngineOptions)),
        (MediaAccessOptions.Section, typeof(MediaAccessOptions)),
        ("Constraints", typeof(ConstraintLimits)),
    ];

    /// <summary>Sections of others: the host's and Serilog's.</summary>
    private static readonly string[] ForeignSections = ["Serilog", .. "environment contentRoot applicationName".Split(' ')];

    /// <summary>appsettings.json beside the program, then the file that the command line names, then the environment, then the command line: later wins.</summary>
    /// <returns>The files, in that order.</returns>
    /// <exception cref="OptionsException">A file that is named is not there or not JSON, or a switch is wrong.</exception>
    public static SettingsFiles AddSources(ConfigurationManager configuration, IReadOnlyList<string> args)
    {
        Dictionary<string, string?> switches = CommandLine.Parse(args, out string? named);
        string beside = Path.Combine(AppContext.BaseDirectory, "appsettings.json");
        string[] files = [.. new[] { beside }.Where(File.Exists), .. named is null ? [] : new[] { Path.GetFullPath(named) }];
        configuration.Sources.Clear();
        foreach (string file in files)
        {
            try
            {
                configuration.AddJsonFile(file, optional: false);
            }
            catch (Exception exception) when (exception is IOException or InvalidDataException or UnauthorizedAccessException)
            {
                throw new OptionsException($"The settings in {file} cannot be read: {exception.GetBaseException().Message}");
            }
        }
        configuration
            .AddEnvironmentVariables(EnvironmentPrefix)
            .AddInMemoryCollection(Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
                .Where(variable => IsOpenTelemetry((string)variable.Key)).Select(variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value)))
            .AddInMemoryCollection(switches);
        return new SettingsFiles(files);
    }

    /// <summary>Registers every options class.</summary>
    /// <exception cref="OptionsException">A key that no class has.</exception>
    public static void AddOptions(IServiceCollection services, IConfiguration configuration)
    {
        foreach (IConfigurationSection section in configuration.GetChildren())
        {
            (string Section, Type Options) known = Sections.FirstOrDefault(s => s.Section.Equals(section.Key, StringComparison.OrdinalIgnoreCase));
            if (known.Options is not null)
                RefuseUnknownKeys(configuration, section, known.Options);
            else if (!ForeignSections.Contains(section.Key, StringComparer.OrdinalIgnoreCase) && !IsOpenTelemetry(section.Key))
                throw Unknown(section.Path, Sections.Select(s => s.Section));
        }
        Add<ModelOptions>(services, configuration, ModelOptions.Section);
        Add<ServerOptions>(services, configuration, ServerOptions.Section);
        Add<ApiOptions>(services, configuration, ApiOptions.Section);
        Add<StorageOptions>(services, configuration, StorageOptions.Section);
        Add<EngineOptions>(services, configuration, "Engine");
        Add<MediaAccessOptions>(services, configuration, MediaAccessOptions.Section);
        Add<ConstraintLimits>(services, configuration, "Constraints");
    }

    /// <summary>OpenTelemetry reads its standard variables, whose names begin so, from the configuration.</summary>
    private static bool IsOpenTelemetry(string key) => key.StartsWith("OTEL_", StringComparison.Ordinal);

    /// <summary>Reads one section now, for what is needed before the host is built.</summary>
    /// <exception cref="OptionsException">A value that cannot be read or breaks a rule.</exception>
    public static T Read<T>(IConfiguration configuration, string section)
        where T : class, new()
    {
        var options = new T();
        try
        {
            // Without the switch an entry of a list or dictionary that cannot be read is left out in silence.
            configuration.GetSection(section).Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);
        }
        catch (InvalidOperationException exception)
        {
            throw new OptionsException($"{exception.Message} {exception.InnerException?.Message}".TrimEnd());
        }
        IReadOnlyList<string> faults = OptionRules.Faults(section, options);
        return faults.Count == 0 ? options : throw new OptionsException(string.Join(' ', faults));
    }

    private static void Add<T>(IServiceCollection services, IConfiguration configuration, string section)
        where T : class, new()
    {
        Read<T>(configuration, section);
        services.AddOptionsWithValidateOnStart<T>().Bind(configuration.GetSection(section)).ValidateDataAnnotations();
    }

    private static void RefuseUnknownKeys(IConfiguration configuration, IConfigurationSection section, Type options)
    {
        string[] keys = [.. options.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite).Select(p => p.Name)];
        foreach (IConfigurationSection key in section.GetChildren())
        {
            if (!keys.Contains(key.Key, StringComparer.OrdinalIgnoreCase))
                throw Unknown(key.Path, keys.Select(k => $"{section.Key}:{k}"));
            if (key.Value is not null && IsList(options, key.Key) && !IsEmptyList(configuration, key))
                throw new OptionsException($"{key.Path} is a list, not one value. Write {key.Path}:0, in the environment {EnvironmentPrefix}{key.Path.Replace(":", "__")}__0.");
        }
    }

    /// <summary><c>[]</c> in a JSON file: the one way to write an empty list. Elsewhere an empty value is a mistake.</summary>
    private static bool IsEmptyList(IConfiguration configuration, IConfigurationSection key) => key.Value is ""
        && configuration is IConfigurationRoot root && root.Providers.Last(p => p.TryGet(key.Path, out _)) is JsonConfigurationProvider;

    private static bool IsList(Type options, string key) =>
        options.GetProperty(key, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase)!.PropertyType.IsArray;

    private static OptionsException Unknown(string path, IEnumerable<string> known)
    {
        string meant = Spelling.Nearest(path, known);
        return new($"'{path}' is not a setting of this server. Did you mean '{meant}'? In the environment it is written {EnvironmentPrefix}{meant.Replace(":", "__")}. See --help.");
    }
}
