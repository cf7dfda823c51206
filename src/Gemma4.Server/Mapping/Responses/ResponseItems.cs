using System.Collections.Immutable;
using System.Text.Json;
using Gemma4.Server.Errors;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Storage;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>Input items as they are kept: each with a type, an id, and its content as parts.</summary>
internal static class ResponseItems
{
    /// <summary>An empty list, as answers have it where they have nothing to tell.</summary>
    public static JsonElement Nothing { get; } = JsonElement.Parse("[]");

    /// <summary>The items of a request's input.</summary>
    /// <exception cref="ApiException">The first fault of one.</exception>
    public static async Task<ImmutableArray<ResponseItem>> OfAsync(ResponseInput? input, CallerResponses stored, CancellationToken cancellationToken)
    {
        if (input?.Items is not { } items)
            return input?.Text is null ? [] : [Message("user", input.Text)];
        return await OfAsync(items, "input", stored, cancellationToken);
    }

    /// <summary>Items of a request.</summary>
    /// <param name="items">The items.</param>
    /// <param name="param">The field that they stand in.</param>
    /// <param name="stored">What items may refer to.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="ApiException">The first fault of one.</exception>
    public static async Task<ImmutableArray<ResponseItem>> OfAsync(ResponseItem[] items, string param, CallerResponses stored, CancellationToken cancellationToken)
    {
        var normal = ImmutableArray.CreateBuilder<ResponseItem>(items.Length);
        for (int i = 0; i < items.Length; i++)
        {
            ResponseItemRules.Check(items[i], $"{param}[{i}]");
            normal.Add(items[i].Type == "item_reference" ? await ReferredAsync(items[i].Id!, param, stored, cancellationToken) : Normal(items[i]));
        }
        return normal.MoveToImmutable();
    }

    /// <summary>A part that holds generated text.</summary>
    public static ResponsePart OutputText(string text, JsonElement? logprobs = null) =>
        new() { Type = "output_text", Text = text, Annotations = Nothing, Logprobs = logprobs ?? Nothing };

    /// <summary>A fresh id of the item's kind.</summary>
    public static string NewId(string type) => AnswerHead.NewId(type switch
    {
        "message" => "msg_",
        "reasoning" => "rs_",
        "custom_tool_call" or "custom_tool_call_output" => "ctc_",
        _ => "fc_",
    });

    private static ResponseItem Message(string role, string text) => Normal(
        new ResponseItem { Role = role, Content = new ResponseContent { Text = text } });

    private static ResponseItem Normal(ResponseItem item)
    {
        string type = item.Type ?? "message";
        return item with
        {
            Type = type,
            Id = item.Id ?? NewId(type),
            Status = type == "reasoning" ? item.Status : item.Status ?? "completed",
            Summary = type == "reasoning" ? item.Summary ?? [] : null,
            Content = item.Content is { Text: string text } ? Parts(text, type, item.Role) : WithLists(item.Content),
        };
    }

    private static ResponseContent Parts(string text, string type, string? role) => new()
    {
        Parts =
        [
            type == "reasoning" ? new ResponsePart { Type = "reasoning_text", Text = text }
            : role == "assistant" ? OutputText(text)
            : new ResponsePart { Type = "input_text", Text = text },
        ],
    };

    /// <summary>Clients leave out the lists of generated text when they give it back; answers must have them.</summary>
    private static ResponseContent? WithLists(ResponseContent? content) => content is null ? null : content with
    {
        Parts =
        [
            .. content.Parts!.Select(p => p.Type == "output_text"
                ? p with { Annotations = p.Annotations ?? Nothing, Logprobs = p.Logprobs ?? Nothing }
                : p),
        ],
    };

    private static async Task<ResponseItem> ReferredAsync(string id, string param, CallerResponses stored, CancellationToken cancellationToken) =>
        await stored.FindItemAsync(id, cancellationToken) ?? throw Fault.Of($"Item with id '{id}' not found.", param);
}
