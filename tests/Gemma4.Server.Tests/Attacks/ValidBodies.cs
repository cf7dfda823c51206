using System.Text;

namespace Gemma4.Server.Tests.Attacks;

/// <summary>Valid requests of every route that takes a body, with most of the fields it has: what mutations begin from.</summary>
internal static class ValidBodies
{
    private const string Tool = """{"type":"function","function":{"name":"f","description":"d","strict":true,"parameters":{"type":"object","properties":{"s":{"type":"string","enum":["a","b"]},"n":{"type":["integer","null"],"minimum":1}},"required":["s","n"],"additionalProperties":false}}}""";
    private const string Sampling = """ "temperature":0.5,"top_p":0.9,"n":2,"stop":["x","yy"],"presence_penalty":0.1,"frequency_penalty":-0.1,"logit_bias":{"5":1},"seed":7,"user":"u","top_k":5,"min_p":0.1,"repetition_penalty":1.1,"min_tokens":1,"ignore_eos":false,"stop_token_ids":[9],"bad_words":["no"],"skip_special_tokens":true,"priority":1,"cache_salt":"s","return_token_ids":true """;

    /// <summary>Path, content type and body.</summary>
    public static IReadOnlyList<(string Path, string ContentType, byte[] Body)> All { get; } =
    [
        Json("/v1/chat/completions", $$$"""{"model":"gemma-4-demo","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"Hi"},{"type":"image_url","image_url":{"url":"{{{TestMedia.DataUrl("thumb.png", "image/png")}}}","detail":"low"}}]},{"role":"assistant","content":"a","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"s\":\"a\"}"}}]},{"role":"tool","tool_call_id":"c","content":"r"}],"max_completion_tokens":9,"logprobs":true,"top_logprobs":2,"tools":[{{{Tool}}}],"tool_choice":"auto","parallel_tool_calls":true,"reasoning_effort":"low","metadata":{"k":"v"},"service_tier":"auto","modalities":["text"],{{{Sampling}}}}"""),
        Json("/v1/chat/completions", """{"model":"gemma-4-demo","messages":[{"role":"user","content":"Hi","name":"n"}],"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true},"response_format":{"type":"json_schema","json_schema":{"name":"s","strict":true,"schema":{"type":"object","properties":{"a":{"type":"array","items":{"anyOf":[{"type":"integer"},{"type":"string","pattern":"^a+$"}]},"maxItems":3}},"required":["a"],"additionalProperties":false}}},"chat_template_kwargs":{"enable_thinking":false},"max_tokens":9}"""),
        Json("/v1/chat/completions", """{"model":"gemma-4-demo","messages":[{"role":"user","content":"Hi"}],"structured_outputs":{"regex":"[a-c]{1,3}(x|y)?"},"max_tokens":9}"""),
        Json("/v1/chat/completions/render", """{"model":"gemma-4-demo","messages":[{"role":"user","content":"Hi"}],"add_generation_prompt":true}"""),
        Json("/v1/completions", $$"""{"model":"gemma-4-demo","prompt":["a",[5,6]],"max_tokens":4,"best_of":2,"echo":true,"logprobs":2,{{Sampling}}}""".Replace("[\"a\",[5,6]]", "[\"a\",\"b\"]", StringComparison.Ordinal)),
        Json("/v1/completions", """{"model":"gemma-4-demo","prompt":[5,6],"stream":true,"stream_options":{"include_usage":true},"guided_choice":["a","b"]}"""),
        Json("/v1/responses", """{"model":"gemma-4-demo","input":[{"role":"user","content":[{"type":"input_text","text":"Hi"}]},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"r"}],"instructions":"i","max_output_tokens":16,"tools":[{"type":"function","name":"f","parameters":{"type":"object","properties":{}},"strict":false}],"tool_choice":"auto","text":{"format":{"type":"text"},"verbosity":"low"},"reasoning":{"effort":"low","summary":"auto"},"store":true,"truncation":"auto","metadata":{"k":"v"},"include":["message.output_text.logprobs"],"top_logprobs":2}"""),
        Json("/v1/responses", """{"model":"gemma-4-demo","input":"Hi","stream":true,"text":{"format":{"type":"json_schema","name":"s","schema":{"type":"object","properties":{"a":{"type":"boolean"}}}}}}"""),
        Json("/v1/responses/input_tokens", """{"model":"gemma-4-demo","input":"Hi"}"""),
        Json("/v1/messages", """{"model":"gemma-4-demo","max_tokens":16,"system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"x"},{"type":"tool_use","id":"c","name":"f","input":{"s":"a"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":[{"type":"text","text":"r"}],"is_error":false}]}],"tools":[{"name":"f","description":"d","input_schema":{"type":"object","properties":{"s":{"type":"string"}}}}],"tool_choice":{"type":"auto","disable_parallel_tool_use":true},"temperature":0.5,"top_p":0.9,"top_k":5,"stop_sequences":["x"],"stream":true,"thinking":{"type":"enabled","budget_tokens":1024},"metadata":{"user_id":"u"}}"""),
        Json("/v1/messages/count_tokens", """{"model":"gemma-4-demo","messages":[{"role":"user","content":"Hi"}]}"""),
        Json("/v1/responses", """{"model":"gemma-4-demo","input":[{"role":"user","content":"Hi"},{"type":"custom_tool_call","call_id":"c","name":"w","input":"a"},{"type":"custom_tool_call_output","call_id":"c","output":"r"}],"max_output_tokens":16,"background":true,"tools":[{"type":"custom","name":"w","description":"d","format":{"type":"grammar","syntax":"lark","definition":"start: \"a\" item*\nitem: \"(\" item* \")\""}},{"type":"web_search"}],"tool_choice":{"type":"custom","name":"w"}}"""),
        Json("/v1/chat/completions", """{"model":"gemma-4-demo","messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"custom","custom":{"name":"w","input":"a"}}]},{"role":"tool","tool_call_id":"c","content":"r"}],"max_tokens":9,"tools":[{"type":"custom","custom":{"name":"w","format":{"type":"grammar","grammar":{"syntax":"regex","definition":"[ab]{3}"}}}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"custom","custom":{"name":"w"}}]}}}"""),
        Json("/api/chat", $$$$"""{"model":"gemma-4-demo","messages":[{"role":"system","content":"s"},{"role":"user","content":"Hi","images":["{{{{Convert.ToBase64String(TestMedia.Read("thumb.png"))}}}}"]},{"role":"assistant","content":"","thinking":"t","tool_calls":[{"function":{"name":"f","arguments":{"s":"a"}}}]},{"role":"tool","tool_name":"f","content":"r"}],"tools":[{{{{Tool}}}}],"think":"low","format":"json","keep_alive":"5m","options":{"temperature":0.5,"top_p":0.9,"top_k":5,"seed":7,"stop":["x"],"num_predict":9,"num_ctx":4096,"repeat_penalty":1.1}}"""),
        Json("/api/generate", """{"model":"gemma-4-demo","prompt":"Hi","system":"s","stream":false,"format":{"type":"object","properties":{"a":{"type":"integer"}}},"options":{"num_predict":9}}"""),
        Json("/api/show", """{"model":"gemma-4-demo"}"""),
        Json("/tokenize", """{"model":"gemma-4-demo","prompt":"Hello there","add_special_tokens":true,"return_token_strs":true}"""),
        Json("/tokenize", """{"messages":[{"role":"user","content":"Hi"}]}"""),
        Json("/detokenize", """{"tokens":[5,600,1200],"skip_special_tokens":true}"""),
        ("/v1/audio/transcriptions", "multipart/form-data; boundary=b", Form()),
    ];

    private static (string, string, byte[]) Json(string path, string body) => (path, "application/json", Encoding.UTF8.GetBytes(body));

    private static byte[] Form() =>
    [
        .. "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\ngemma-4-demo\r\n--b\r\nContent-Disposition: form-data; name=\"response_format\"\r\n\r\nverbose_json\r\n--b\r\nContent-Disposition: form-data; name=\"language\"\r\n\r\nen\r\n"u8,
        .. "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\n"u8, .. TestMedia.Wav(new short[4000], 8000), .. "\r\n--b--\r\n"u8,
    ];
}
