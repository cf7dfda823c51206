using Gemma4.Server.Hosting;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;
using Gemma4.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gemma4.Server.Tests.Hosting;

/// <summary>Values of options that make no sense: each is refused at start, naming its key.</summary>
public sealed class OptionRulesTests
{
    [Theory]
    [InlineData("Server:Port", "-1", "Server:Port is '-1'; it must be 0 to 65535.")]
    [InlineData("Server:Port", "65536", "0 to 65535")]
    [InlineData("Server:Port", "8000.5", "Server:Port")]
    [InlineData("Server:Host", "", "Server:Host must not be empty.")]
    [InlineData("Server:ApiKeys", "secret", "Server:ApiKeys is a list, not one value. Write Server:ApiKeys:0, in the environment GEMMA4__Server__ApiKeys__0.")]
    [InlineData("Server:ApiKeys", "", "Server:ApiKeys is a list")]
    [InlineData("Server:ApiKeys:0", "", "Server:ApiKeys: a key is empty")]
    [InlineData("Server:ApiKeys:0", "  ", "Server:ApiKeys: a key is empty")]
    [InlineData("Server:ApiKeys:0", "a b", "Server:ApiKeys")]
    [InlineData("Server:ApiKeys:0", "ключ", "printable ASCII")]
    [InlineData("Server:ApiKeyFile", " ", "Server:ApiKeyFile: the path is empty")]
    [InlineData("Server:TlsCertificate", "cert.pem", "Server:TlsCertificate, Server:TlsKey: HTTPS needs both files")]
    [InlineData("Server:TlsKey", "key.pem", "HTTPS needs both files")]
    [InlineData("Server:AuditLog", "", "Server:AuditLog: the path is empty")]
    [InlineData("Server:LogFormat", "xml", "text, json")]
    [InlineData("Engine:StepTimeout", "00:00:00.5", "must be a second to a day, or zero")]
    [InlineData("Server:CorsOrigins:0", "notaurl", "Server:CorsOrigins: 'notaurl' is not an origin")]
    [InlineData("Server:CorsOrigins:0", "https://a.example/", "Server:CorsOrigins: 'https://a.example/' is not an origin")]
    [InlineData("Server:CorsOrigins:0", "https://a.example/path", "scheme, host and port alone")]
    [InlineData("Server:CorsOrigins:0", "https://user@a.example", "Server:CorsOrigins")]
    [InlineData("Server:CorsOrigins:0", "a.example:8000", "Server:CorsOrigins")]
    [InlineData("Server:CorsOrigins:0", "", "Server:CorsOrigins")]
    [InlineData("Server:AllowedHosts:0", "http://a.example", "Server:AllowedHosts: 'http://a.example' is not the name or address of a host")]
    [InlineData("Server:AllowedHosts:0", "a.example:8000", "no port")]
    [InlineData("Server:AllowedHosts:0", "", "Server:AllowedHosts")]
    [InlineData("Server:MaxRequestBodyBytes", "0", "Server:MaxRequestBodyBytes is '0'; it must be 1024 to 2147483647.")]
    [InlineData("Server:MaxRequestBodyBytes", "99999999999", "1024 to 2147483647")]
    [InlineData("Server:MaxBodyBytesInFlight", "1024", "Server:MaxBodyBytesInFlight: 1024 must be at least MaxRequestBodyBytes")]
    [InlineData("Server:BodySeconds", "0", "1 to 86400")]
    [InlineData("Server:MaxConnections", "0", "1 to 1000000")]
    [InlineData("Server:HeartbeatSeconds", "0", "1 to 60")]
    [InlineData("Server:DrainSeconds", "-1", "0 to 3600")]
    [InlineData("Model:Path", "", "Model:Path must not be empty.")]
    [InlineData("Model:Revision", "../main", "Model:Revision must be a branch, tag or commit")]
    [InlineData("Model:Device", "tpu", "Model:Device must be auto, cpu, cuda or cuda:n")]
    [InlineData("Model:DType", "float8", "auto, float32, bfloat16")]
    [InlineData("Model:Threads", "0", "1 to 1024")]
    [InlineData("Model:ServedNames:0", "", "Model:ServedNames: a name is empty")]
    [InlineData("Model:ServedNames:0", "a\nb", "control characters")]
    [InlineData("Api:MaxN", "0", "1 to 128")]
    [InlineData("Api:MaxStopStrings", "0", "1 to 1024")]
    [InlineData("Api:MaxTools", "0", "1 to 4096")]
    [InlineData("Api:MaxPrompts", "0", "1 to 4096")]
    [InlineData("Storage:MaxEntries", "-1", "0 to 100000000")]
    [InlineData("Storage:MaxMegabytes", "0", "1 to 100000000")]
    [InlineData("Storage:RetentionDays", "0", "1 to 36500")]
    [InlineData("Storage:MaxQueued", "0", "1 to 1000000")]
    [InlineData("Storage:WaitMilliseconds", "0", "1 to 600000")]
    [InlineData("Storage:LeaseSeconds", "0", "1 to 3600")]
    [InlineData("Storage:MaxFileBytes", "0", "1 to 1099511627776")]
    [InlineData("Storage:MaxFileMegabytes", "0", "1 to 100000000")]
    [InlineData("Storage:Data", "postgres://db/gemma4", "connection string")]
    [InlineData("Api:StrictParams", "maybe", "Api:StrictParams")]
    [InlineData("Api:ReasoningField", "thoughts", "reasoning_content, reasoning, both")]
    [InlineData("Api:JsonWhitespace", "none", "json, compact")]
    [InlineData("Api:ReasoningBudgets:low", "-5", "the budget of 'low' is -5; it must be at least 1 token")]
    [InlineData("Api:ReasoningBudgets:low", "0", "at least 1 token")]
    [InlineData("Api:ReasoningBudgets:low", "many", "Api:ReasoningBudgets:low")]
    [InlineData("Api:ReasoningBudgets:none", "1", "'none' is no effort")]
    [InlineData("Api:ReasoningBudgets:lowest", "1", "'lowest' is no effort: minimal, low, medium, high, xhigh, max have budgets.")]
    [InlineData("Engine:MaxContextLength", "1", "2 to 2147483647")]
    [InlineData("Engine:MaxSequences", "0", "1 to 4096")]
    [InlineData("Engine:MaxTokensPerStep", "100", "Engine:MaxTokensPerStep, Engine:MaxSequences")]
    [InlineData("Engine:TargetStepTime", "00:00:00", "Engine:TargetStepTime")]
    [InlineData("Engine:TargetStepTime", "5", "00:00:00.0010000 to 01:00:00")] // five days
    [InlineData("Engine:EncoderTimeShare", "NaN", "Engine:EncoderTimeShare")]
    [InlineData("Engine:EncoderTimeShare", "0", "0.01 to 100")]
    [InlineData("Engine:MaxEncoderTokensPerPass", "0", "Engine:MaxEncoderTokensPerPass")]
    [InlineData("Engine:EncoderCacheBytes", "-1", "Engine:EncoderCacheBytes")]
    [InlineData("Engine:MaxQueuedRequests", "0", "1 to 1048576")]
    [InlineData("Engine:BlockSize", "17", "power of two")]
    [InlineData("Engine:KvCacheBytes", "0", "Engine:KvCacheBytes")]
    [InlineData("Engine:TypicalSequenceTokens", "0", "Engine:TypicalSequenceTokens")]
    [InlineData("Engine:MaxConsecutiveFaults", "0", "1 to 1000")]
    [InlineData("Media:MaxImageBytes", "0", "Media:MaxImageBytes is '0'; it must be 1 to 2147483647.")]
    [InlineData("Media:Timeout", "10", "Media:Timeout is '10.00:00:00'; it must be 00:00:00.0010000 to 00:10:00.")] // ten days
    [InlineData("Media:VideoTimeout", "-00:00:01", "Media:VideoTimeout")]
    [InlineData("Media:VideoMemoryBytes", "1", "Media:VideoMemoryBytes")]
    [InlineData("Media:VideoCacheBytes", "-1", "Media:VideoCacheBytes")]
    [InlineData("Media:MaxItems", "0", "Media:MaxItems")]
    [InlineData("Media:MaxQueuedItems", "0", "Media:MaxQueuedItems is '0'")]
    [InlineData("Media:MaxBytesInFlight", "1", "Media:MaxBytesInFlight is '1'; it must be 67108864 to")]
    [InlineData("Media:MaxImagePixels", "-1", "Media:MaxImagePixels")]
    [InlineData("Media:MaxAudioDuration", "00:00:01", "00:00:30 to 04:00:00")]
    [InlineData("Media:ImageSoftTokens", "100", "70, 140, 280, 560, 1120")]
    [InlineData("Media:MaxRedirects", "21", "0 to 20")]
    [InlineData("Media:LocalFolder", "/nowhere/at/all", "Media:LocalFolder: '/nowhere/at/all' is not a folder")]
    [InlineData("Media:AllowedUrls:0", "https://", "Media:AllowedUrls")]
    [InlineData("Media:AllowedUrls", "a.example", "Media:AllowedUrls is a list")]
    [InlineData("AllowedHosts", "a.example", "'AllowedHosts' is not a setting of this server")] // the framework's, which would answer in HTML
    public void A_value_that_makes_no_sense_is_refused_naming_its_key(string key, string value, string message) =>
        Assert.Contains(message, Assert.Throws<OptionsException>(() => Add((key, value))).Message, StringComparison.Ordinal);

    [Fact]
    public void Values_that_contradict_each_other_are_refused()
    {
        Assert.Contains("'a' stands there twice", Refusal(("Model:ServedNames:0", "a"), ("Model:ServedNames:1", "b"), ("Model:ServedNames:2", "a")), StringComparison.Ordinal);
        Assert.Contains("must stand alone", Refusal(("Server:CorsOrigins:0", "*"), ("Server:CorsOrigins:1", "https://a.example")), StringComparison.Ordinal);
        Assert.Contains("at least MaxRequestBodyBytes (9999)", Refusal(("Server:MaxRequestBodyBytes", "9999"), ("Server:MaxBodyBytesInFlight", "9998")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Server:CorsOrigins:0", "*")]
    [InlineData("Server:CorsOrigins:0", "null")]
    [InlineData("Server:CorsOrigins:0", "http://localhost:3000")]
    [InlineData("Server:CorsOrigins:0", "https://app.example.org")]
    [InlineData("Server:CorsOrigins:0", "chrome-extension://abcdef")]
    [InlineData("Server:AllowedHosts:0", "*")]
    [InlineData("Server:AllowedHosts:0", "gemma.example.org")]
    [InlineData("Server:AllowedHosts:0", "192.168.1.5")]
    [InlineData("Server:ApiKeys:0", "sk-~!@#$%^&*()")]
    [InlineData("Model:ServedNames:0", "google/gemma-4-E2B-it")]
    [InlineData("Api:ReasoningBudgets:max", "100000")]
    [InlineData("Storage:MaxEntries", "0")]
    public void A_value_that_makes_sense_is_taken(string key, string value) => Add((key, value));

    [Theory]
    [InlineData("--api-key", "")]
    [InlineData("--api-key", " ")]
    [InlineData("--api-key", " , ")]
    [InlineData("--api-key", "a,,b")]
    [InlineData("--api-key=", null)]
    [InlineData("--Server:ApiKeys", "")]
    [InlineData("--server:apikeys", ",")]
    [InlineData("--served-model-name", "")]
    [InlineData("--cors-origins", "")]
    [InlineData("--allowed-hosts", " ")]
    [InlineData("--media-urls", "")]
    public void An_empty_entry_of_a_list_is_refused_on_the_command_line(string name, string? value) =>
        Assert.Contains("an empty entry", Assert.Throws<OptionsException>(() => CommandLine.Parse(value is null ? [name] : [name, value])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_key_does_not_appear_in_what_is_refused()
    {
        Assert.DoesNotContain("sk-secret", Refusal(("Server:ApiKeys", "sk-secret")), StringComparison.Ordinal);
        Assert.DoesNotContain("sk-secret", Refusal(("Server:ApiKeys:0", "sk-secret with blanks")), StringComparison.Ordinal);
        Assert.DoesNotContain("sk-secret", Assert.Throws<OptionsException>(() => CommandLine.Parse(["--api-key", "sk-secret,,"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_list_in_a_file_is_an_empty_list()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, """{"Server":{"ApiKeys":[],"CorsOrigins":[]}}""");
            OptionsBinding.AddOptions(new ServiceCollection(), new ConfigurationBuilder().AddJsonFile(file).Build());
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_context_beyond_the_models_is_refused()
    {
        var source = ActivatorUtilities.CreateInstance<CheckpointModelSource>(Services(("Model:Path", RepositoryPaths.DemoModel), ("Engine:MaxContextLength", "99999999")));
        OptionsException fault = await Assert.ThrowsAsync<OptionsException>(
            () => source.LoadAsync(new Progress<double>(), TestContext.Current.CancellationToken));
        Assert.Contains("Engine:MaxContextLength is 99999999, and the model was made for", fault.Message, StringComparison.Ordinal);
    }

    private static string Refusal(params (string Key, string Value)[] settings) => Assert.Throws<OptionsException>(() => Add(settings)).Message;

    private static ServiceProvider Services(params (string Key, string Value)[] settings)
    {
        ServiceCollection services = Add(settings);
        services.AddMetrics().AddLogging().AddSingleton(TimeProvider.System);
        return services.BuildServiceProvider();
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
