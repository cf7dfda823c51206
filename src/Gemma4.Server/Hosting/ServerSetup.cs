using System.Net.Security;
using Gemma4.Engine.Parsing;
using Gemma4.Server.Access;
using Gemma4.Server.Batches;
using Gemma4.Server.Limits;
using Gemma4.Server.Mapping;
using Gemma4.Server.Mapping.Anthropic;
using Gemma4.Server.Mapping.Audio;
using Gemma4.Server.Mapping.Chat;
using Gemma4.Server.Mapping.Files;
using Gemma4.Server.Mapping.Ollama;
using Gemma4.Server.Mapping.Responses;
using Gemma4.Server.Media;
using Gemma4.Server.Pipeline;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage;
using Gemma4.Server.Storage.Databases;
using Gemma4.Server.Streaming;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Hosting;

/// <summary>Registers the server's services, a method a concern.</summary>
internal static class ServerSetup
{
    /// <summary>Headers that pages of other origins may read.</summary>
    private static readonly string[] ExposedHeaders =
    [
        "x-request-id", "openai-processing-ms", "retry-after", "retry-after-ms",
        "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests",
        "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens",
    ];

    /// <summary>Address, limits, CORS and the time that shutdown may take.</summary>
    public static void AddServerNetwork(this WebApplicationBuilder builder, ServerOptions options)
    {
        builder.WebHost.UseUrls(ListenAddress.Urls(options));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxRequestBodyBytes;
            kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
            kestrel.ConfigureEndpointDefaults(endpoint =>
            {
                if (options.HasTls)
                    UseTls(endpoint);
                endpoint.UseRefusalBodies();
            });
        });
        if (options.HasTls)
            builder.Services.AddSingleton(provider => ActivatorUtilities.CreateInstance<ServerCertificate>(provider, options));
        if (options.AuditLog is not null)
            builder.Services.AddSingleton(provider => ActivatorUtilities.CreateInstance<AuditLog>(provider, options.AuditLog));
        builder.Services.AddSingleton<Drain>();
        builder.Services.AddSingleton<SocketTransportFactory>();
        builder.Services.AddSingleton<IConnectionListenerFactory, StoppableListeners>();
        builder.Services.Configure<HostOptions>(
            host => host.ShutdownTimeout = TimeSpan.FromSeconds(options.DrainSeconds) + ModelService.MaxStopTime);
        builder.Services.AddCors(cors => cors.AddDefaultPolicy(policy =>
        {
            if (options.CorsOrigins.Length > 0)
                policy.WithOrigins(options.CorsOrigins).AllowAnyHeader().AllowAnyMethod().WithExposedHeaders(ExposedHeaders);
        }));
    }

    /// <summary>TLS below everything else of a connection. HTTP/1.1 alone, as without it.</summary>
    private static void UseTls(ListenOptions endpoint)
    {
        ServerCertificate certificate = endpoint.ApplicationServices.GetRequiredService<ServerCertificate>();
        endpoint.Protocols = HttpProtocols.Http1;
        endpoint.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificateContext = certificate.Current }),
        });
    }

    /// <summary>The served model and its names.</summary>
    public static void AddModel(this IServiceCollection services)
    {
        services.AddSingleton<IModelSource, CheckpointModelSource>();
        services.AddSingleton<ModelHost>();
        services.AddSingleton<ModelNames>();
        services.AddHostedService<ModelService>();
        services.AddHostedService<EngineWatch>();
    }

    /// <summary>What is kept of what callers ask.</summary>
    public static void AddStorage(this IServiceCollection services)
    {
        services.AddSingleton<StorageHealth>();
        services.AddSingleton<Database>(DatabaseChoice.Of);
        services.AddHostedService<StorageService>();
        services.AddSingleton<Store>();
        services.AddSingleton<ResponseStore>();
        services.AddSingleton<Leases>();
        services.AddSingleton<ResponseJobs>();
        services.AddSingleton<BatchStore>();
        services.AddSingleton<BatchJobs>();
        services.AddSingleton<ConversationStore>();
        services.AddSingleton<ChatStore>();
        services.AddSingleton<FileStore>();
        services.AddSingleton<CallerStores>();
        services.AddHostedService<AbandonedResponses>();
        services.AddSingleton<InnerPipeline>();
        services.AddSingleton<BatchMetrics>();
        services.AddSingleton<LineSender>();
        services.AddSingleton<BatchRunner>();
        services.AddHostedService<BatchWorker>();
    }

    /// <summary>What endpoints ask for.</summary>
    public static void AddApi(this IServiceCollection services)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<ServerClock>();
        services.AddSingleton<RequestReader>();
        services.AddSingleton<ParserMetrics>();
        services.AddSingleton<KeyRing>();
        services.AddSingleton<KeyMetrics>();
        services.AddScoped<Allowance>();
        services.AddScoped<RequestTokens>();
        services.AddScoped<GenerationStarter>();
        services.AddSingleton(provider => new MediaFetcher(
            provider.GetRequiredService<IOptions<MediaAccessOptions>>().Value, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new VideoReader(
            provider.GetRequiredService<IOptions<MediaAccessOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(),
            Environment.GetEnvironmentVariable("PATH")));
        services.AddSingleton(provider => new DecodeThreads(provider.GetRequiredService<IOptions<MediaAccessOptions>>().Value.MaxQueuedItems));
        services.AddSingleton<ImageLoader>();
        services.AddSingleton(provider => new VideoCache(provider.GetRequiredService<IOptions<MediaAccessOptions>>().Value.VideoCacheBytes));
        services.AddSingleton<VideoLoader>();
        services.AddSingleton<MediaBudget>();
        services.AddScoped<MediaShare>();
        services.AddScoped<MediaLoader>();
        services.AddSingleton<FileForm>();
        services.AddSingleton<ReferredFiles>();
        services.AddSingleton<ChatFiles>();
        services.AddSingleton<ResponseFiles>();
        services.AddSingleton<MessageFiles>();
        services.AddScoped<ChatPrompts>();
        services.AddSingleton<CompileThreads>();
        services.AddSingleton<ConstraintMapper>();
        services.AddScoped<ChatRunner>();
        services.AddScoped<ResponseRunner>();
        services.AddSingleton<HostedTools>();
        services.AddSingleton<BackgroundResponses>();
        services.AddScoped<OllamaRunner>();
        services.AddSingleton<OllamaModels>();
        services.AddSingleton<TranscriptionForm>();
        services.AddScoped<Transcriber>();
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, OpenAI.OpenAIJson.Context);
            json.SerializerOptions.TypeInfoResolverChain.Insert(1, Anthropic.AnthropicJson.Context);
            json.SerializerOptions.TypeInfoResolverChain.Insert(2, Ollama.OllamaJson.Context);
            json.SerializerOptions.NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.Strict;
            json.SerializerOptions.PropertyNamingPolicy = OpenAI.OpenAIJson.Context.Options.PropertyNamingPolicy;
            json.SerializerOptions.DefaultIgnoreCondition = OpenAI.OpenAIJson.Context.Options.DefaultIgnoreCondition;
        });
    }
}
