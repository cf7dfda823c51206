using Gemma4.Server.Errors;
using Gemma4.Server.Mapping;
using Gemma4.Server.Mapping.Chat;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Tokens;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Endpoints;

/// <summary>Text to tokens and back, as other self-hosted servers offer it.</summary>
internal static class TokenEndpoints
{
    public static void MapTokens(this IEndpointRouteBuilder app)
    {
        app.MapPost("/tokenize", TokenizeAsync).WithTags("Tokens").WithName("tokenize").WithSummary("Text or conversation to token ids")
            .Accepts<TokenizeRequest>("application/json").Produces<TokenizeResponse>().ProducesError();
        app.MapPost("/detokenize", DetokenizeAsync).WithTags("Tokens").WithName("detokenize").WithSummary("Token ids to text")
            .Accepts<DetokenizeRequest>("application/json").Produces<DetokenizeResponse>().ProducesError();
    }

    private static async Task<IResult> TokenizeAsync(
        HttpContext context, ModelHost host, RequestReader reader, ChatPrompts prompts, IOptions<ApiOptions> api)
    {
        LoadedModel model = host.Ready();
        TokenizeRequest request = await reader.ReadAsync(context, OpenAIJson.Context.TokenizeRequest, OptionalModelFaults.Instance);
        if ((request.Prompt is null) == (request.Messages is null))
            throw Fault.Of("Exactly one of 'prompt' and 'messages' must be given.", request.Prompt is null ? "prompt" : "messages", "invalid_parameter_combination");
        IReadOnlyList<int> tokens = request.Prompt is { } text
            ? PromptTokens.Encode(model.Tokenizer, text, request.AddSpecialTokens ?? true, request.ParseSpecialTokens ?? false)
            : (await prompts.MakeAsync(ChatMapper.Map("tokenize", request, api.Value), model, context.RequestAborted)).Tokenized.TokenIds;
        return Results.Json(
            new TokenizeResponse
            {
                Count = tokens.Count,
                MaxModelLen = model.MaxContextLength,
                Tokens = tokens,
                TokenStrs = request.ReturnTokenStrs == true ? [.. tokens.Select(model.Tokenizer.TokenText)] : null,
            },
            OpenAIJson.Context.TokenizeResponse);
    }

    private static async Task<IResult> DetokenizeAsync(HttpContext context, ModelHost host, RequestReader reader)
    {
        LoadedModel model = host.Ready();
        DetokenizeRequest request = await reader.ReadAsync(context, OpenAIJson.Context.DetokenizeRequest, OptionalModelFaults.Instance);
        SamplingMapper.TokenIds(request.Tokens, "tokens", model.VocabularySize);
        return Results.Json(
            new DetokenizeResponse(model.Tokenizer.Decode(request.Tokens, request.SkipSpecialTokens ?? false)),
            OpenAIJson.Context.DetokenizeResponse);
    }
}
