using Gemma4.Engine.Configuration;
using Gemma4.Server.Hosting;
using Gemma4.Server.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gemma4.Server.Tests.Hosting;

public sealed class CommandLineTests
{
    [Fact]
    public void Switches_set_configuration_keys()
    {
        Dictionary<string, string?> settings = CommandLine.Parse(
            ["--model", "/models/gemma", "--port=9000", "--strict-params", "--served-model-name", "a,b", "--Api:MaxN", "4"]);
        Assert.Equal("/models/gemma", settings["Model:Path"]);
        Assert.Equal("9000", settings["Server:Port"]);
        Assert.Equal("true", settings["Api:StrictParams"]);
        Assert.Equal(("a", "b"), (settings["Model:ServedNames:0"], settings["Model:ServedNames:1"]));
        Assert.Equal("4", settings["Api:MaxN"]);
    }

    [Theory]
    [InlineData("--prot", "--port")]
    [InlineData("--modle", "--model")]
    [InlineData("--strict", "--strict-params")]
    public void An_unknown_switch_is_refused_with_the_one_that_was_meant(string given, string meant)
    {
        OptionsException fault = Assert.Throws<OptionsException>(() => CommandLine.Parse([given, "1"]));
        Assert.Contains($"{given} is not a switch", fault.Message, StringComparison.Ordinal);
        Assert.Contains($"Did you mean {meant}?", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_switch_without_its_value_is_refused() =>
        Assert.Contains("--port needs a value", Assert.Throws<OptionsException>(() => CommandLine.Parse(["--port"])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_value_without_its_switch_is_refused() =>
        Assert.Contains("'8000' is not a switch", Assert.Throws<OptionsException>(() => CommandLine.Parse(["8000"])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("Api:MaxNn", "Api:MaxN", "GEMMA4__Api__MaxN.")]
    [InlineData("Modle:Path", "Model", "GEMMA4__Model.")]
    public void An_unknown_key_is_refused_with_the_one_that_was_meant(string key, string meant, string environment)
    {
        OptionsException fault = Assert.Throws<OptionsException>(() => Add((key, "1")));
        Assert.Contains($"Did you mean '{meant}'?", fault.Message, StringComparison.Ordinal);
        Assert.Contains(environment, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Server:Port", "70000", "Server:Port")]
    [InlineData("Server:Port", "many", "Server:Port")]
    [InlineData("Model:DType", "float8", "Model:DType")]
    [InlineData("Engine:BlockSize", "17", "power of two")]
    public void A_wrong_value_is_refused_naming_its_key(string key, string value, string expected) =>
        Assert.Contains(expected, Assert.Throws<OptionsException>(() => Add((key, value))).Message, StringComparison.Ordinal);

    [Fact]
    public void Good_keys_are_bound()
    {
        using ServiceProvider services = Add(("Engine:MaxSequences", "3"), ("Server:ApiKeys:0", "k")).BuildServiceProvider();
        Assert.Equal(3, services.GetRequiredService<Microsoft.Extensions.Options.IOptions<EngineOptions>>().Value.MaxSequences);
        Assert.Equal(["k"], services.GetRequiredService<Microsoft.Extensions.Options.IOptions<ServerOptions>>().Value.ApiKeys);
    }

    [Fact]
    public void Values_may_look_like_verbs_files_and_flags()
    {
        Dictionary<string, string?> settings = CommandLine.Parse(
            ["--model", "list", "--served-model-name", "@x", "--think=false", "--port", "1", "--port", "2", "--api-key", "a", "--api-key=b,c", "--Server:Host=::1"], out string? config);
        Assert.Equal(("list", "@x", "false", "2", "::1"), (settings["Model:Path"], settings["Model:ServedNames:0"], settings["Api:ThinkByDefault"], settings["Server:Port"], settings["Server:Host"]));
        Assert.Equal(("a", "b", "c"), (settings["Server:ApiKeys:0"], settings["Server:ApiKeys:1"], settings["Server:ApiKeys:2"]));
        Assert.Null(config);
    }

    [Fact]
    public void A_file_of_settings_comes_after_appsettings_and_before_the_command_line()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, """{"Server": {"Port": 1, "Host": "::1"}}""");
            var configuration = new ConfigurationManager();
            SettingsFiles files = OptionsBinding.AddSources(configuration, ["--config", file, "--port", "2"]);
            Assert.Equal(("2", "::1"), (configuration["Server:Port"], configuration["Server:Host"]));
            Assert.Equal([Path.Combine(AppContext.BaseDirectory, "appsettings.json"), file], files.Paths);
            File.WriteAllText(file, "{");
            Assert.Contains(file, Assert.Throws<OptionsException>(() => OptionsBinding.AddSources(new ConfigurationManager(), ["--config", file])).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static ServiceCollection Add(params (string Key, string Value)[] settings)
    {
        IConfigurationRoot configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)))
            .Build();
        var services = new ServiceCollection();
        OptionsBinding.AddOptions(services, configuration);
        return services;
    }
}
