using Gemma4.Server.Anthropic;
using Gemma4.Server.Errors;
using Gemma4.Server.Limits;
using Gemma4.Server.Mapping;
using Gemma4.Server.Mapping.Anthropic;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Models;
using Gemma4.Server.Serving;

namespace Gemma4.Server.Endpoints;

/// <summary>The served models, answered from memory also while the engine is busy. Who sends <c>anthropic-version</c> gets them in Anthropic's shape.</summary>
internal static class ModelEndpoints
{
    public static void MapModels(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/models", List).WithTags("Models").WithName("listModels").WithSummary("The served models").Produces<ModelList>()
            .ProducesAlso<MessageModelList>().ProducesErrorOfAnyRequest();
        app.MapGet("/v1/models/{**id}", Retrieve).WithTags("Models").WithName("retrieveModel").WithSummary("One served model")
            .Produces<ModelCard>().ProducesAlso<MessageModel>().ProducesErrorOrNotFound();
    }

    private static IResult List(HttpContext context, ModelHost host, ModelNames names, ServerClock clock) => MessageErrorResponse.IsFor(context.Request)
        ? Results.Json(ModelPages.Page(ServedModels.For(context, names), clock.Started, context.Request.Query), AnthropicJson.Context.MessageModelList)
        : Results.Json(new ModelList([.. ServedModels.For(context, names).Select(id => Card(id, host, names, clock))]), OpenAIJson.Context.ModelList);

    private static IResult Retrieve(string id, HttpContext context, Allowance allowance, ModelHost host, ModelNames names, ServerClock clock)
    {
        // Clients escape the slash of "google/gemma"; the path keeps it escaped.
        id = Uri.UnescapeDataString(id);
        if (!names.Serves(id) || !allowance.AllowsModel(id))
            throw new ApiException(new ApiError(
                StatusCodes.Status404NotFound, $"The model '{id}' does not exist. {ServedModels.Sentence(ServedModels.For(context, names))}", ApiError.InvalidRequest, "model", "model_not_found"));
        if (MessageErrorResponse.IsFor(context.Request))
            return Results.Json(ModelPages.Model(id, clock.Started), AnthropicJson.Context.MessageModel);
        return Results.Json(Card(id, host, names, clock), OpenAIJson.Context.ModelCard);
    }

    private static ModelCard Card(string id, ModelHost host, ModelNames names, ServerClock clock) => new()
    {
        Id = id,
        Created = clock.Started,
        OwnedBy = "gemma4-server",
        Root = names.Primary,
        MaxModelLen = host.Loaded?.MaxContextLength,
    };
}
