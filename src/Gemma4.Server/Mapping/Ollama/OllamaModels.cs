using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gemma4.Engine.Configuration;
using Gemma4.Server.Ollama;
using Gemma4.Server.Serving;

namespace Gemma4.Server.Mapping.Ollama;

/// <summary>The served model as Ollama's API describes models.</summary>
/// <param name="names">Its ids.</param>
/// <param name="host">The model, once it is loaded.</param>
/// <param name="clock">When the server started.</param>
internal sealed class OllamaModels(ModelNames names, ModelHost host, ServerClock clock)
{
    private const string Architecture = "gemma4";
    private string Started => OllamaRun.Written(DateTimeOffset.FromUnixTimeSeconds(clock.Started));

    /// <summary>All ids.</summary>
    /// <param name="isShown">Whether the caller may use an id.</param>
    public OllamaModelList List(Func<string, bool> isShown) => new([.. names.All.Where(isShown).Select(id => Model(id) with { ModifiedAt = Started })]);

    /// <summary>What is loaded, which stays so.</summary>
    /// <param name="isShown">Whether the caller may use an id.</param>
    public OllamaModelList Running(Func<string, bool> isShown) => new(
    [
        .. names.All.Where(id => host.Loaded is not null && isShown(id)).Select(id => Model(id) with
        {
            ExpiresAt = OllamaRun.Written(DateTimeOffset.MaxValue), SizeVram = 0, ContextLength = host.Loaded!.MaxContextLength,
        }),
    ]);

    /// <summary>All about it.</summary>
    public OllamaShow Show(LoadedModel model) => new()
    {
        Details = Details(model),
        ModelInfo = new Dictionary<string, JsonElement>
        {
            ["general.architecture"] = JsonElement.Parse($"\"{Architecture}\""),
            [$"{Architecture}.context_length"] = JsonElement.Parse(model.MaxContextLength.ToString(CultureInfo.InvariantCulture)),
        },
        Capabilities = [.. Capabilities(model)],
        Parameters = Parameters(model.Defaults),
        ModifiedAt = Started,
    };

    private static IEnumerable<string> Capabilities(LoadedModel model)
    {
        yield return "completion";
        if (model.Chat is not null)
        {
            yield return "tools";
            yield return "thinking";
        }
        if (model.Media.Sees)
            yield return "vision";
        if (model.Media.Hears)
            yield return "audio";
    }

    private static string Parameters(GenerationDefaults defaults) => string.Join('\n', new (string Name, object? Value)[]
    {
        ("temperature", defaults.Temperature),
        ("top_k", defaults.TopK),
        ("top_p", defaults.TopP),
    }.Where(p => p.Value is not null).Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Name,-30} {p.Value}")));

    private OllamaModel Model(string id) => new()
    {
        Name = id,
        Model = id,
        Size = host.Loaded?.SizeBytes ?? 0,
        Digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(host.Loaded?.Fingerprint ?? id))),
        Details = Details(host.Loaded),
    };

    private static OllamaModelDetails Details(LoadedModel? model) => new() { Format = model?.Format ?? "" };
}
