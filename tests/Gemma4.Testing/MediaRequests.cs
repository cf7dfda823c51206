using System.Text.Json;

namespace Gemma4.Testing;

/// <summary>One question about one medium, as each API spells it: in the user's message, and as the result of a call.</summary>
internal static class MediaRequests
{
    public static string[] Apis { get; } = ["chat", "chat tool", "responses", "responses tool", "messages", "messages tool"];

    /// <summary>The path of an API.</summary>
    public static string Path(string api) => api.Split(' ')[0] switch
    {
        "chat" => "/v1/chat/completions",
        "responses" => "/v1/responses",
        _ => "/v1/messages",
    };

    /// <summary>The path of the part in errors.</summary>
    public static string PartPath(string api) => api switch
    {
        "chat" => "messages[0].content[0]",
        "chat tool" => "messages[2].content[0]",
        "responses" => "input[0].content[0]",
        "responses tool" => "input[2].output[0]",
        "messages" => "messages[0].content[0]",
        _ => "messages[2].content[0].content[0]",
    };

    /// <summary>The path of an image's URL in errors.</summary>
    public static string UrlPath(string api) => PartPath(api) + api.Split(' ')[0] switch
    {
        "chat" => ".image_url.url",
        "responses" => ".image_url",
        _ => ".source",
    };

    /// <summary>An image by its URL, with more fields beside it.</summary>
    public static string Image(string api, string url, string beside = "") => api.Split(' ')[0] switch
    {
        "chat" => $$$"""{"type":"image_url","image_url":{"url":"{{{url}}}"}{{{beside}}}}""",
        "responses" => $$$"""{"type":"input_image","image_url":"{{{url}}}"{{{beside}}}}""",
        _ => $$$"""{"type":"image","source":{"type":"url","url":"{{{url}}}"}{{{beside}}}}""",
    };

    /// <summary>A request around a part, with more fields at its top.</summary>
    public static string Body(string api, string part, string more = "")
    {
        string head = $$"""{"model":"{{TextRequests.Model}}","max_tokens":16{{more}},""";
        return api switch
        {
            "chat" or "messages" => head + $$"""
                "messages":[{"role":"user","content":[{{part}}]}]}
                """,
            "chat tool" => head + $$"""
                "messages":[{"role":"user","content":"Look."},
                  {"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"look","arguments":"{ }"} }]},
                  {"role":"tool","tool_call_id":"c1","content":[{{part}}]}]}
                """,
            "responses" => $$"""
                {"model":"{{TextRequests.Model}}"{{more}},"input":[{"role":"user","content":[{{part}}]}]}
                """,
            "responses tool" => $$"""
                {"model":"{{TextRequests.Model}}"{{more}},"input":[{"role":"user","content":"Look."},
                  {"type":"function_call","call_id":"c1","name":"look","arguments":"{ }"},
                  {"type":"function_call_output","call_id":"c1","output":[{{part}}]}]}
                """,
            _ => head + $$"""
                "messages":[{"role":"user","content":"Look."},
                  {"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"look","input":{ } }]},
                  {"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":[{{part}}]}] }] }
                """,
        };
    }

    /// <summary>Where usage tells what media cost.</summary>
    public static JsonElement Costs(string api, JsonElement answer)
    {
        JsonElement usage = answer.GetProperty("usage");
        return api.Split(' ')[0] switch
        {
            "chat" => usage.GetProperty("prompt_tokens_details"),
            "responses" => usage.GetProperty("input_tokens_details"),
            _ => usage,
        };
    }

    /// <summary>The field an error names, wherever the API puts it.</summary>
    public static string? Param(string api, JsonElement answer)
    {
        JsonElement error = answer.GetProperty("error");
        if (!api.StartsWith("messages", StringComparison.Ordinal))
            return error.GetProperty("param").GetString();
        string message = error.GetProperty("message").GetString()!;
        return message[..message.IndexOf(": ", StringComparison.Ordinal)];
    }
}
