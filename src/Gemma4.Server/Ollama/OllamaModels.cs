using System.Text.Json;

namespace Gemma4.Server.Ollama;

/// <summary>The served models.</summary>
/// <param name="Models">One entry an id.</param>
internal sealed record OllamaModelList(OllamaModel[] Models);

/// <summary>A served model.</summary>
internal sealed record OllamaModel
{
    /// <summary>Its id.</summary>
    public required string Name { get; init; }

    /// <summary>The same.</summary>
    public required string Model { get; init; }

    /// <summary>When the server started, RFC 3339.</summary>
    public string? ModifiedAt { get; init; }

    /// <summary>Bytes of its files.</summary>
    public required long Size { get; init; }

    /// <summary>Names build and weights, 64 hexadecimal digits.</summary>
    public required string Digest { get; init; }

    /// <summary>What it is.</summary>
    public required OllamaModelDetails Details { get; init; }

    /// <summary>Of a running model: when it is unloaded, RFC 3339; never.</summary>
    public string? ExpiresAt { get; init; }

    /// <summary>Of a running model: always 0, memory is not told by device.</summary>
    public long? SizeVram { get; init; }

    /// <summary>Of a running model: prompt and output of one sequence together.</summary>
    public int? ContextLength { get; init; }
}

/// <summary>What a model is.</summary>
internal sealed record OllamaModelDetails
{
    /// <summary>Always empty.</summary>
    public string ParentModel { get; init; } = "";

    /// <summary>How its weights are stored.</summary>
    public required string Format { get; init; }

    /// <summary>Always <c>gemma4</c>.</summary>
    public string Family { get; init; } = "gemma4";

    /// <summary>Always <c>gemma4</c>.</summary>
    public string[] Families { get; init; } = ["gemma4"];

    /// <summary>Always empty.</summary>
    public string ParameterSize { get; init; } = "";

    /// <summary>Always empty.</summary>
    public string QuantizationLevel { get; init; } = "";
}

/// <summary>All about a model.</summary>
internal sealed record OllamaShow
{
    /// <summary>What it is.</summary>
    public required OllamaModelDetails Details { get; init; }

    /// <summary>Facts by key: its architecture and the length of its context.</summary>
    public required Dictionary<string, JsonElement> ModelInfo { get; init; }

    /// <summary>What it can do: <c>completion</c>, <c>tools</c>, <c>thinking</c>, <c>vision</c>, <c>audio</c>.</summary>
    public required string[] Capabilities { get; init; }

    /// <summary>Always empty: it has no such file.</summary>
    public string Modelfile { get; init; } = "";

    /// <summary>Always empty: its own template is used.</summary>
    public string Template { get; init; } = "";

    /// <summary>How it is sampled where a request does not say.</summary>
    public required string Parameters { get; init; }

    /// <summary>When the server started, RFC 3339.</summary>
    public required string ModifiedAt { get; init; }
}

/// <summary>The version of Ollama's API that is spoken.</summary>
/// <param name="Version">The version.</param>
internal sealed record OllamaVersion(string Version);

/// <summary>Every answer of this API that is not 2xx has this body, and so has the last line of a stream that failed.</summary>
/// <param name="Error">What is wrong, in words, the field at fault before them.</param>
internal sealed record OllamaErrorResponse(string Error)
{
    /// <summary>Where this API is.</summary>
    public static PathString Path { get; } = "/api";

    public static OllamaErrorResponse From(Errors.ApiError error) => new(error.Message);
}
