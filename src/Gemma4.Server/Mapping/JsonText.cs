using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace Gemma4.Server.Mapping;

/// <summary>Whether all strings of a JSON value are text. The grammar of JSON lets bytes pass that are not UTF-8, and escapes that are half a
/// surrogate pair; reading such a string throws, wherever that would be.</summary>
internal static class JsonText
{
    /// <param name="root">A whole document.</param>
    public static bool IsText(JsonElement root)
    {
        ReadOnlySpan<byte> json = JsonMarshal.GetRawUtf8Value(root);
        return Utf8.IsValid(json) && (!HasSurrogateEscape(json) || AllStringsRead(json));
    }

    private static bool HasSurrogateEscape(ReadOnlySpan<byte> json) => json.IndexOf("\\ud"u8) >= 0 || json.IndexOf("\\uD"u8) >= 0;

    private static bool AllStringsRead(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                    _ = reader.GetString();
            }
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
