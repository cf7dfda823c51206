using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Gemma4.Server.Hosting;

/// <summary>Examples that Swagger UI can send as they are, by the name of the operation.</summary>
internal sealed class ApiExamples : IOpenApiOperationTransformer
{
    /// <summary>A yellow triangle and a green square on grey, <c>docs/shapes.png</c>.</summary>
    private const string Shapes = "data:image/png;base64,"
        + "iVBORw0KGgoAAAANSUhEUgAAAYkAAADDCAIAAAD4C3pUAAADKElEQVR42u3WMZIBURSGUa1syWLkliCxAolEqMgtxqJIFaU0rV/fd9850QST9J2p7/3d4XScAQQzdwJAmwC0CdAmAG0C"
        + "tAlAmwC0CdAmAG0CtAlAmwBtAtAmAG0CtAlAmwBtAtAmQJsAtAlAmwBtAtAmQJsAtAnQJgBtAtAmQJsAtAnQJgBtArQJQJsAtAnQJgBtArQJQJsAbQLQJgBtArQJQJsAbQLQJkCbALQJ"
        + "QJuerZY7f3vQJgBt6jeaTCfQJgBt6jGaXn8GtAlAm96MJtMJtAlAm3qPJtMJtAlAm74cR6YTaBOANvWeRaYTaBPABwuj6fE3L9et/4kC9rezIwyx6dZ2E4A2TTeafvt9QJsAbWpyNJlO"
        + "oE0ATbZpyPwxnUCbAJpp0/DhYzqBNgE00KZ/TR7TCbQJIHWb/jt2TCfQJoCkbRpj5phOoE0A6do03sAxnUCbABK1aexpYzqBNgGkaFOZUWM6gTYB2mQ0mU6gTQD521R+yJhOoE2ANhlN"
        + "phNoE0DONk07Xkwn0CZAm4wm0wm0CSBPm+IMFtMJtAnQJqPJdAJtAqi7TTFHiukEdhOgTeaJ6QTaBFBfm+IPE9MJ7CZAm0wS0wm0CaCONtU1RkwnsJsAbTJDTCfQJoC4bap3gJhOYDcB"
        + "2mR6mE5gNwHaZHT4CtAmgOralGlumE5gNwHaZGiYTmA3AdpkYvgu0CaA4G3KPS5MJ7CbAG0yK3wj2E2ANhkUvhTsJoBQbWptSphOYDcB2mRE+GqwmwBtMh98O9hNABO2yXBwAbCbAG0y"
        + "GdwB7CZAm4wF1wC7CdAmM8F0ArsJIFKbDASXAbsJ0CbTwH3AbgK0ySgwncBuAijWJnPArcBuArTJEHAxsJsAbTIBTCewmwCKtcnj73pgNwHa5Nk3ncBuArTJg286gd0EUKxNnnr3BLsJ"
        + "0CaPvOkEdhOgTZ530wnsJoBibfKwm05gNwHa5Ek3nWAKCyegvE23dgTG3U0ec9MJIu6my3XriEC43QSgTYA2AWgTgDYB2gSgTYA2AWgToE0A2gSgTYA2AWgToE0A2gRoE4A2AWgToE0A"
        + "2gTkcgdAoJAXNTlzegAAAABJRU5ErkJggg==";

    private static readonly (string Operation, string Title, string Body)[] Requests =
    [
        ("createChatCompletion", "A question", """
            {"model":"gemma-4-demo","messages":[{"role":"user","content":"What is the capital of France?"}],"temperature":0}
            """),
        ("createChatCompletion", "Streamed, with token counts", """
            {"model":"gemma-4-demo","messages":[{"role":"user","content":"Tell me a story about a fox."}],"temperature":0,"stream":true,
             "stream_options":{"include_usage":true}}
            """),
        ("createChatCompletion", "Two turns", """
            {"model":"gemma-4-demo","messages":[{"role":"user","content":"What is the capital of France?"},
             {"role":"assistant","content":"The capital of France is Paris."},{"role":"user","content":"And of Italy?"}],"temperature":0}
            """),
        ("createChatCompletion", "An image", $$"""
            {"model":"gemma-4-demo","messages":[{"role":"user","content":[
             {"type":"image_url","image_url":{"url":"{{Shapes}}"},"max_soft_tokens":70},
             {"type":"text","text":"What is in this image?"}]}],"temperature":0}
            """),
        ("createChatCompletion", "A tool", """
            {"model":"gemma-4-demo","messages":[{"role":"user","content":"What is the weather in Paris?"}],"temperature":0,
             "tools":[{"type":"function","function":{"name":"get_weather","description":"Weather of a city",
             "parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}]}
            """),
        ("createChatCompletion", "JSON of a schema", """
            {"model":"gemma-4-demo","messages":[{"role":"user","content":"JSON: name Alice, age 30"}],"temperature":0,
             "response_format":{"type":"json_schema","json_schema":{"name":"person","schema":{"type":"object",
             "properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name","age"],"additionalProperties":false}}}}
            """),
        ("createChatCompletion", "Kept, to be listed by its metadata", """
            {"model":"gemma-4-demo","messages":[{"role":"user","content":"What is 7 + 5?"}],"temperature":0,"store":true,"metadata":{"topic":"sums"}}
            """),
        ("createChatCompletion", "With a thought", """
            {"model":"gemma-4-demo","messages":[{"role":"user","content":"What is 7 + 5?"}],"temperature":0,"reasoning_effort":"low"}
            """),
        ("renderChatCompletion", "A question", """
            {"model":"gemma-4-demo","messages":[{"role":"user","content":"Hi"}]}
            """),
        ("createResponse", "A question", """
            {"model":"gemma-4-demo","input":"What is the capital of France?","temperature":0}
            """),
        ("createResponse", "A tool", """
            {"model":"gemma-4-demo","input":"What is the weather in Paris?","temperature":0,
             "tools":[{"type":"function","name":"get_weather","description":"Weather of a city",
             "parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}]}
            """),
        ("createBatch", "A file of chats", """
            {"input_file_id": "file-abc123", "endpoint": "/v1/chat/completions", "completion_window": "24h"}
            """),
        ("createConversation", "With a first message", """
            {"items":[{"role":"user","content":"My name is Alice."}],"metadata":{"topic":"names"}}
            """),
        ("updateConversation", "Other metadata", """
            {"metadata":{"topic":"places"}}
            """),
        ("createConversationItems", "A message", """
            {"items":[{"role":"user","content":"I live in Oslo."}]}
            """),
        ("updateChatCompletion", "Other metadata", """
            {"metadata":{"topic":"places"}}
            """),
        ("countResponseInputTokens", "A question", """
            {"model":"gemma-4-demo","input":"What is the capital of France?"}
            """),
        ("createMessage", "A question", """
            {"model":"gemma-4-demo","max_tokens":64,"messages":[{"role":"user","content":"What is the capital of France?"}],"temperature":0}
            """),
        ("createMessage", "A tool", """
            {"model":"gemma-4-demo","max_tokens":128,"messages":[{"role":"user","content":"What is the weather in Paris?"}],"temperature":0,
             "tools":[{"name":"get_weather","description":"Weather of a city",
             "input_schema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}]}
            """),
        ("countMessageTokens", "A question", """
            {"model":"gemma-4-demo","messages":[{"role":"user","content":"Hi"}]}
            """),
        ("ollamaChat", "A question", """
            {"model":"gemma-4-demo","messages":[{"role":"user","content":"What is the capital of France?"}],"stream":false,"options":{"temperature":0}}
            """),
        ("ollamaGenerate", "A prompt", """
            {"model":"gemma-4-demo","prompt":"What is the capital of France?","options":{"temperature":0}}
            """),
        ("ollamaShow", "The model", """
            {"model":"gemma-4-demo"}
            """),
        ("createCompletion", "A text to go on with", """
            {"model":"gemma-4-demo","prompt":"Once upon a time","max_tokens":16,"temperature":0}
            """),
        ("tokenize", "A text", """
            {"prompt":"Hello there","return_token_strs":true}
            """),
        ("detokenize", "Tokens", """
            {"tokens":[2,300,301]}
            """),
    ];

    public Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        OpenApiMediaType? media = operation.RequestBody?.Content?.Values.FirstOrDefault();
        if (media is null)
            return Task.CompletedTask;
        foreach ((_, string title, string text) in Requests.Where(r => r.Operation == operation.OperationId))
        {
            media.Examples ??= new Dictionary<string, IOpenApiExample>();
            media.Examples[title] = new OpenApiExample { Summary = title, Value = JsonNode.Parse(text) };
        }
        return Task.CompletedTask;
    }
}
