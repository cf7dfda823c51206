using System.Text.Json;

namespace Gemma4.Engine.Tokenization;

/// <summary>A small object of the file, the key that leads to it, and typed access whose errors name file, key and cause.</summary>
internal readonly record struct JsonPart(TokenizerFile File, string Key, JsonElement Element)
{
    /// <summary>True for a missing key and for null alike.</summary>
    public bool IsAbsent => Element.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null;

    /// <summary>The object's <c>type</c>.</summary>
    public string Type => Require("type").AsString();

    public JsonPart this[string name]
    {
        get
        {
            if (Element.ValueKind != JsonValueKind.Object)
                throw Error("an object is expected");
            Element.TryGetProperty(name, out JsonElement value);
            return new JsonPart(File, $"{Key}.{name}", value);
        }
    }

    public JsonPart Require(string name)
    {
        JsonPart part = this[name];
        return part.IsAbsent ? throw part.Error("missing") : part;
    }

    public IEnumerable<JsonPart> Items()
    {
        if (Element.ValueKind != JsonValueKind.Array)
            throw Error("an array is expected");
        JsonPart self = this;
        return Element.EnumerateArray().Select((item, i) => self with { Key = $"{self.Key}[{i}]", Element = item });
    }

    public string AsString() => Element.ValueKind == JsonValueKind.String ? Element.GetString()! : throw Error("a string is expected");

    public string AsString(string whenAbsent) => IsAbsent ? whenAbsent : AsString();

    public bool AsBool(bool whenAbsent) => IsAbsent ? whenAbsent : Element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Error("true or false is expected"),
    };

    public int AsInt() => Element.ValueKind == JsonValueKind.Number && Element.TryGetInt32(out int value)
        ? value
        : throw Error("a whole number is expected");

    /// <summary>The one character (UTF-16 unit) of a string.</summary>
    public char AsChar() => AsString() is { Length: 1 } text ? text[0] : throw Error("a string of one character is expected");

    /// <summary>A <c>pattern</c> that is a plain string. Regular expressions are of another dialect than .NET's and are refused.</summary>
    public string AsPlainPattern()
    {
        JsonPart plain = this["String"];
        return plain.IsAbsent
            ? throw Error($"only a pattern {{\"String\": …}} is supported, found {Element.GetRawText()}")
            : plain.AsString();
    }

    public InvalidDataException Error(string cause) => File.Error(Key, cause);

    public InvalidDataException Unsupported() => this["type"].Error($"'{Type}' is not supported");
}
