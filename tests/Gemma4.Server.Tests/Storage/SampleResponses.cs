using System.Collections.Immutable;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Storage;

namespace Gemma4.Server.Tests.Storage;

/// <summary>Responses to be kept.</summary>
internal static class SampleResponses
{
    /// <summary>A response with one item in and one out.</summary>
    /// <param name="id">Its id; its items are called <c>in-ID</c> and <c>out-ID</c>.</param>
    /// <param name="text">What was sent.</param>
    /// <param name="earlier">What it goes on from.</param>
    public static StoredResponse Of(string id, string text = "Hi", EarlierItems? earlier = null)
    {
        ResponseItem output = Item($"out-{id}", "assistant", $"answer {id}");
        return new StoredResponse(Object(id) with { Output = [output] }, [Item($"in-{id}", "user", text)], earlier ?? EarlierItems.None);
    }

    /// <summary>The same before it is made.</summary>
    public static StoredResponse Queued(string id)
    {
        StoredResponse whole = Of(id);
        return whole with { Response = whole.Response with { Status = "queued", Background = true, Output = [] } };
    }

    /// <summary>An item.</summary>
    public static ResponseItem Item(string id, string role, string text) => new() { Type = "message", Id = id, Role = role, Content = new ResponseContent { Text = text } };

    /// <summary>The texts of items.</summary>
    public static IEnumerable<string> Texts(ImmutableArray<ResponseItem> items) => items.Select(item => item.Content!.Text!);

    private static ResponseObject Object(string id) => new()
    {
        Id = id,
        CreatedAt = 0,
        Status = "completed",
        Model = "m",
        Output = [],
        ParallelToolCalls = true,
        Reasoning = new ResponseReasoning(),
        Store = true,
        Temperature = 1,
        Text = new ResponseText(),
        ToolChoice = new ResponseToolChoice("auto"),
        Tools = [],
        TopLogprobs = 0,
        TopP = 1,
        Truncation = "disabled",
        Metadata = [],
    };
}
