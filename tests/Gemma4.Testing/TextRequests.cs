namespace Gemma4.Testing;

/// <summary>One short question, as each API spells it.</summary>
internal static class TextRequests
{
    /// <summary>The id of the demo model.</summary>
    public const string Model = "gemma-4-demo";

    /// <summary>The APIs that generate text.</summary>
    public static string[] Apis { get; } = ["chat", "completions", "responses", "messages"];

    /// <summary>The path of an API.</summary>
    public static string Path(string api) => api switch
    {
        "chat" => "/v1/chat/completions",
        "completions" => "/v1/completions",
        "responses" => "/v1/responses",
        _ => "/v1/messages",
    };

    /// <summary>A body with more fields at its end.</summary>
    public static string Body(string api, string more = "") => $$"""{"model":"{{Model}}",""" + api switch
    {
        "completions" => """ "prompt":"Hi" """,
        "responses" => """ "input":"Hi" """,
        "messages" => """ "max_tokens":4000,"messages":[{"role":"user","content":"Hi"}] """,
        _ => """ "messages":[{"role":"user","content":"Hi"}] """,
    } + more + "}";
}
