using System.Net.Http.Headers;
using System.Text.Json;

namespace Gemma4.Server.Hub;

/// <summary>What the body of a hub's refusal says, in the forms that huggingface_hub reads (<c>utils/_http.py</c>, <c>_format</c>).</summary>
internal static class HubErrorBody
{
    /// <summary>The message of <c>{"error": "…"}</c>, where it may be a list, <c>{"error": …, "error_description": …}</c>, <c>{"errors": [{"message": …}]}</c>, or plain text.</summary>
    /// <param name="body">The beginning of the body.</param>
    /// <param name="type">Its type.</param>
    /// <returns>Empty where there is none.</returns>
    public static string Message(string body, MediaTypeHeaderValue? type)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 8 });
            return string.Join(" ", Parts(document.RootElement).Select(part => part.Trim()).Where(part => part.Length > 0).Distinct());
        }
        catch (JsonException)
        {
            // A page in HTML is a proxy's, perhaps: the status says enough.
            return type?.MediaType?.Contains("html", StringComparison.OrdinalIgnoreCase) != true && !body.TrimStart().StartsWith('<') ? body.Trim() : "";
        }
    }

    private static IEnumerable<string> Parts(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            yield break;
        foreach (string name in (string[])["error", "error_description"])
        {
            if (!root.TryGetProperty(name, out JsonElement said))
                continue;
            foreach (JsonElement one in said.ValueKind == JsonValueKind.Array ? said.EnumerateArray().ToArray() : [said])
            {
                if (one.ValueKind == JsonValueKind.String)
                    yield return one.GetString()!;
            }
        }
        if (!root.TryGetProperty("errors", out JsonElement errors) || errors.ValueKind != JsonValueKind.Array)
            yield break;
        foreach (JsonElement one in errors.EnumerateArray())
        {
            if (one.ValueKind == JsonValueKind.Object && one.TryGetProperty("message", out JsonElement message) && message.ValueKind == JsonValueKind.String)
                yield return message.GetString()!;
        }
    }
}
