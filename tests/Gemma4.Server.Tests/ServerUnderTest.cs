using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Engine.Tokenization;
using Gemma4.Server.Media;
using Gemma4.Server.Serving;
using Gemma4.Server.Storage;
using Gemma4.Server.Storage.Databases;
using Gemma4.Testing;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Serilog.Core;
using Xunit;

namespace Gemma4.Server.Tests;

/// <summary>The whole server in this process, over the demo model's tokenizer and template and an engine that the test scripts.</summary>
internal sealed class ServerUnderTest(FakeEngine engine, params (string Key, string Value)[] settings) : WebApplicationFactory<Program>
{
    /// <summary>The served model's id.</summary>
    public const string Model = TextRequests.Model;

    private static readonly Lazy<ConstraintCompiler> Constraints = new(() => new ConstraintCompiler(Tokenizer));

    private Uri? _address;

    /// <summary>The demo model's tokenizer.</summary>
    public static Tokenizer Tokenizer => DemoTokenizer.Instance;

    /// <summary>The scripted engine.</summary>
    public FakeEngine Engine => engine;

    /// <summary>Completed by a test that lets the model load only then.</summary>
    public Task MayLoad { get; init; } = Task.CompletedTask;

    /// <summary>What media the model takes.</summary>
    public MediaTraits Media { get; init; } = new(Sees: true, Hears: true, ImageSoftTokens: 280);

    /// <summary>What it logs.</summary>
    public LogLines Log { get; } = new();

    /// <summary>Replaces the one that goes to the web.</summary>
    public Func<MediaAccessOptions, MediaFetcher>? Fetcher { get; init; }

    /// <summary>Whether its answers go back to it as history (see <see cref="SentBack"/>). Not where a test counts its requests.</summary>
    public bool TakesItsAnswers { get; init; } = true;

    /// <summary>Its clock; null for the system's.</summary>
    public TimeProvider? Time { get; init; }

    /// <summary>Where it keeps what is to be kept; null for memory.</summary>
    public Func<StorageHealth, Database>? Database { get; init; }

    /// <summary>Keeps what it is sent; null where nobody wants to know.</summary>
    public Clients.RequestRecorder? Recorder { get; init; }

    /// <summary>A client of a server whose model is loaded.</summary>
    public async Task<HttpClient> ReadyClientAsync()
    {
        HttpClient client = TakesItsAnswers ? CreateDefaultClient(new SentBack()) : CreateClient();
        ModelHost host = Services.GetRequiredService<ModelHost>();
        for (int i = 0; host.Loaded is null && i < 1000; i++)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.NotNull(host.Loaded);
        return client;
    }

    /// <summary>Where a server listens that listens on a socket and whose model is loaded.</summary>
    public async Task<Uri> ListeningAsync()
    {
        if (_address is null)
        {
            UseKestrel();
            using HttpClient client = await ReadyClientAsync();
            _address = new UriBuilder(client.BaseAddress!) { Host = "127.0.0.1" }.Uri;
        }
        return _address!;
    }

    /// <summary>Posts JSON text.</summary>
    public static Task<HttpResponseMessage> PostAsync(HttpClient client, string path, string json, string contentType = "application/json")
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(json));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        return client.PostAsync(path, content, TestContext.Current.CancellationToken);
    }

    /// <summary>The answer's JSON.</summary>
    public static async Task<JsonElement> JsonAsync(HttpResponseMessage response) =>
        JsonElement.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("Model:Path", RepositoryPaths.DemoModel);
        builder.UseSetting("Server:Port", "0"); // where it listens at all
        builder.UseSetting("Storage:Data", "memory");
        foreach ((string key, string value) in settings)
            builder.UseSetting(key, value);
        builder.ConfigureTestServices(services =>
        {
            services.AddSingleton<IModelSource>(new FakeSource(engine, Media, MayLoad));
            services.AddSingleton<ILogEventSink>(Log);
            if (Time is not null)
                services.AddSingleton(Time);
            if (Recorder is not null)
                services.AddSingleton<IStartupFilter>(Recorder);
            if (Database is not null)
                services.AddSingleton(provider => Database(provider.GetRequiredService<StorageHealth>()));
            if (Fetcher is not null)
                services.AddSingleton(provider => Fetcher(provider.GetRequiredService<IOptions<MediaAccessOptions>>().Value));
        });
    }

    private sealed class FakeSource(FakeEngine engine, MediaTraits media, Task mayLoad) : IModelSource
    {
        public async Task<LoadedModel> LoadAsync(IProgress<double> progress, CancellationToken cancellationToken)
        {
            progress.Report(0.5);
            await mayLoad.WaitAsync(cancellationToken);
            return new LoadedModel(engine, Tokenizer, ChatRenderer.Load(RepositoryPaths.DemoModel), Constraints.Value, new GenerationDefaults { EndTokenIds = [1, 16, 9], Temperature = 1, TopK = 64, TopP = 0.95 }, "fp_test")
            {
                Media = media,
            };
        }
    }
}
