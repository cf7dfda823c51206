using Gemma4.Server.Errors;
using Gemma4.Server.OpenAI.Responses;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>What an input item must be beyond its shape, by its type: the fields it needs, and who may say what.</summary>
internal static class ResponseItemRules
{
    private static readonly string[] InputParts = ["input_text", "input_image", "input_audio", "input_file", .. MediaMapper.VideoTypes];
    private static readonly string[] SystemParts = ["input_text"]; // what templates write in a system turn
    private static readonly string[] AnswerParts = ["output_text", "refusal"];

    public static void Check(ResponseItem item, string path)
    {
        switch (item.Type ?? "message")
        {
            case "message":
                Require(item.Role, $"{path}.role");
                Require(item.Content, $"{path}.content");
                CheckParts(item.Content!, PartsOf(item.Role!), $"{path}.content");
                break;
            case "function_call":
                Require(item.CallId, $"{path}.call_id");
                Require(item.Name, $"{path}.name");
                Require(item.Arguments, $"{path}.arguments");
                break;
            case "custom_tool_call":
                Require(item.CallId, $"{path}.call_id");
                Require(item.Name, $"{path}.name");
                Require(item.Input, $"{path}.input");
                break;
            case "function_call_output" or "custom_tool_call_output":
                Require(item.CallId, $"{path}.call_id");
                Require(item.Output, $"{path}.output");
                CheckParts(item.Output!, InputParts, $"{path}.output");
                break;
            case "item_reference":
                Require(item.Id, $"{path}.id");
                break;
        }
    }

    /// <summary>Every call is answered, and every answer has its call before it.</summary>
    public static void CheckCalls(IEnumerable<ResponseItem> conversation)
    {
        var open = new HashSet<string>(StringComparer.Ordinal);
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (ResponseItem item in conversation)
        {
            if (item.Type is "function_call" or "custom_tool_call")
            {
                open.Add(item.CallId!);
                known.Add(item.CallId!);
            }
            else if (item.Type is "function_call_output" or "custom_tool_call_output")
            {
                if (!known.Contains(item.CallId!))
                    throw Fault.Of($"No tool call found for function call output with call_id {item.CallId}.", "input");
                open.Remove(item.CallId!);
            }
        }
        if (open.Count > 0)
            throw Fault.Of($"No tool output found for function call {open.First()}.", "input");
    }

    private static string[] PartsOf(string role) => role switch
    {
        "assistant" => AnswerParts,
        "user" => InputParts,
        _ => SystemParts,
    };

    private static void CheckParts(ResponseContent content, string[] supported, string path)
    {
        ResponsePart[] parts = content.Parts ?? [];
        for (int i = 0; i < parts.Length; i++)
            CheckPart(parts[i], supported, $"{path}[{i}]");
    }

    private static void CheckPart(ResponsePart part, string[] supported, string path)
    {
        if (!supported.Contains(part.Type))
            throw Fault.Value($"{path}.type", part.Type, [.. supported.Except(["input_audio"])]);
        switch (part.Type)
        {
            case "input_file" when part.FileUrl is not null:
                throw Fault.UnsupportedParameter($"{path}.file_url", "is not supported by this server: it fetches no files. Use 'file_id' or 'file_data' instead.");
            case "input_file" when part.FileId is null == part.FileData is null:
                throw Fault.Of($"'{path}' needs either 'file_id' or 'file_data'.", path, "invalid_parameter_combination");
            case "input_file":
                break;
            case "input_image" when part.FileId is not null && part.ImageUrl is null:
                break;
            case "input_image":
                Require(part.ImageUrl, $"{path}.image_url");
                break;
            case "input_audio" when part.InputAudio is not null && part.AudioUrl is not null:
                throw Fault.Of($"'{path}.input_audio' and '{path}.audio_url' cannot be used together.", $"{path}.audio_url", "invalid_parameter_combination");
            case "input_audio" when part.AudioUrl is null:
                Require(part.InputAudio, $"{path}.input_audio");
                break;
            case "input_audio":
                break;
            case "video_url" or "video":
                MediaMapper.CheckVideo(part, path);
                break;
            case "refusal":
                Require(part.Refusal, $"{path}.refusal");
                break;
            default:
                Require(part.Text, $"{path}.text");
                break;
        }
    }

    private static void Require(object? field, string path)
    {
        if (field is null)
            throw Fault.Missing(path);
    }
}
