using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gemma4.Server.Errors;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;
using Gemma4.Server.Wire;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Mapping;

/// <summary>Reads the JSON body of a request into its DTO, in the contract's order: JSON, object, model, fields.</summary>
internal sealed class RequestReader(ModelNames names, IOptions<ApiOptions> api, ILogger<RequestReader> log)
{
    private static readonly JsonDocumentOptions Strictness = new() { MaxDepth = 64 };

    private readonly ShapeCheck _shape = new(api.Value.StrictParams);

    /// <param name="context">The request; its body is read to the end.</param>
    /// <param name="type">The DTO.</param>
    /// <param name="modelFaults">How this API refuses a model it does not have; null where a body names none.</param>
    /// <exception cref="ApiException">The first fault.</exception>
    public async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type, IModelFaults? modelFaults)
        where T : class
    {
        if (!context.Request.HasJsonContentType())
            throw new ApiException(ErrorTable.UnsupportedContentType(context.Request));
        try
        {
            using JsonDocument body = await JsonDocument.ParseAsync(context.Request.Body, Strictness, context.RequestAborted);
            JsonElement root = body.RootElement;
            if (!JsonText.IsText(root))
                throw Fault.MalformedJson();
            if (root.ValueKind != JsonValueKind.Object)
                throw Fault.Of($"Invalid request body: expected an object, but got {JsonKinds.Describe(root)} instead.");
            if (modelFaults is not null)
                CheckModel(root, context, modelFaults);
            _shape.Check(root, type);
            T request = root.Deserialize(type)!;
            if (request is IIgnoresFields { Ignored: { } ignored })
                log.Ignored(ignored.Field, ignored.Reason);
            return request;
        }
        catch (JsonException)
        {
            throw Fault.MalformedJson();
        }
    }

    private void CheckModel(JsonElement root, HttpContext context, IModelFaults faults)
    {
        string id = "";
        if (root.TryGetProperty("model", out JsonElement model) && model.ValueKind != JsonValueKind.Null)
            id = model.ValueKind == JsonValueKind.String ? model.GetString()! : throw Fault.Type("model", "a string", JsonKinds.Describe(model));
        if (id.Length == 0 && faults.Missing() is { } missing)
            throw missing;
        ServedModels.Check(context, names, id, faults);
    }
}
