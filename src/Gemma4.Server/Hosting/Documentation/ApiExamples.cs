using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Gemma4.Server.Hosting;

/// <summary>Examples that Swagger UI can send as they are, by the name of the operation.</summary>
internal sealed class ApiExamples : IOpenApiOperationTransformer
{
    private static readonly (string Operation, string Title, string Body)[] Requests =
    [
        ("createChatCompletion", "A question", """
            {"model":"gemma-4-demo","messages":[{"role":"user","content":"What is the capital of France?"}],"temperature":0}
            """),
        ("createChatCompletion", "Streamed, with token counts", """
            {"model":"gemma-4-demo","messages":[{"role":"user","content":"Tell me a story about a fox."}],"temperature":0,"stream":true,
             "stream_options":{"include_usage":true}}
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
