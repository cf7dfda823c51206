using System.Collections.Immutable;
using System.Text.Json;

namespace Gemma4.Engine.Configuration;

/// <summary>An object of a JSON file whose readers say which file and key is at fault.</summary>
internal readonly struct ConfigSection
{
    private const int MaxShown = 200;

    private readonly string _file;
    private readonly string _path;
    private readonly JsonElement _element;

    private ConfigSection(string file, string path, JsonElement element)
    {
        _file = file;
        _path = path;
        _element = element;
    }

    /// <summary>Reads a whole file.</summary>
    public static ConfigSection Load(string file)
    {
        if (!File.Exists(file))
            throw new CheckpointException(file, "the file does not exist; a checkpoint is a folder in the Hugging Face layout");
        using JsonDocument document = CheckpointJson.Read(file);
        JsonElement root = document.RootElement.Clone();
        return root.ValueKind == JsonValueKind.Object
            ? new ConfigSection(file, "", root)
            : throw new CheckpointException(file, $"expected a JSON object, found {root.ValueKind}");
    }

    public IEnumerable<KeyValuePair<string, ConfigSection>> Sections()
    {
        foreach (JsonProperty property in _element.EnumerateObject())
            yield return new(property.Name, Section(property.Name));
    }

    public CheckpointException Refuse(string key, string problem) => new(_file, $"{_path}{key}: {problem}");

    public bool Has(string key) => _element.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    public ConfigSection Section(string key) => OptionalSection(key) ?? throw Missing(key, "an object");

    public ConfigSection? OptionalSection(string key)
    {
        if (!Has(key))
            return null;
        JsonElement value = _element.GetProperty(key);
        return value.ValueKind == JsonValueKind.Object
            ? new ConfigSection(_file, $"{_path}{key}.", value)
            : throw Refuse(key, $"expected an object, found {value.ValueKind}");
    }

    /// <summary>An integer from <paramref name="min"/> to <paramref name="max"/>.</summary>
    public int Int(string key, int min, int max) => OptionalInt(key, min, max) ?? throw Missing(key, $"an integer from {min} to {max}");

    /// <summary>The same, null where the key is absent.</summary>
    public int? OptionalInt(string key, int min, int max)
    {
        if (!Has(key))
            return null;
        JsonElement value = _element.GetProperty(key);
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= min && number <= max
            ? number
            : throw Refuse(key, $"expected an integer from {min} to {max}, found {Shown(value)}");
    }

    /// <summary>An integer from 1 to <paramref name="max"/>.</summary>
    public int Count(string key, int max) => Int(key, 1, max);

    /// <summary>The same, null where the key is absent.</summary>
    public int? OptionalCount(string key, int max) => OptionalInt(key, 1, max);

    /// <summary>A number in the range.</summary>
    public double Number(string key, NumberRange range) => OptionalNumber(key, range) ?? throw Missing(key, $"a number, {range}");

    /// <summary>The same, null where the key is absent.</summary>
    public double? OptionalNumber(string key, NumberRange range)
    {
        if (!Has(key))
            return null;
        JsonElement value = _element.GetProperty(key);
        return value.ValueKind == JsonValueKind.Number && value.GetDouble() is var number && range.Contains(number)
            ? number
            : throw Refuse(key, $"expected a number, {range}, found {Shown(value)}");
    }

    public bool Bool(string key, bool absent)
    {
        if (!Has(key))
            return absent;
        JsonElement value = _element.GetProperty(key);
        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Refuse(key, $"expected true or false, found {Shown(value)}"),
        };
    }

    public string? OptionalString(string key)
    {
        if (!Has(key))
            return null;
        JsonElement value = _element.GetProperty(key);
        return value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : throw Refuse(key, $"expected a string, found {Shown(value)}");
    }

    public ImmutableArray<string> Strings(string key)
    {
        if (!Has(key))
            throw Missing(key, "a list of strings");
        JsonElement value = _element.GetProperty(key);
        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(e => e.ValueKind != JsonValueKind.String))
            throw Refuse(key, "expected a list of strings");
        return [.. value.EnumerateArray().Select(e => e.GetString()!)];
    }

    /// <summary>A list of at most <paramref name="maxCount"/> integers from <paramref name="min"/> to <paramref name="max"/>, or a single one; empty
    /// where the key is absent.</summary>
    public ImmutableArray<int> Ints(string key, int min, int max, int maxCount)
    {
        if (!Has(key))
            return [];
        JsonElement value = _element.GetProperty(key);
        if (value.ValueKind == JsonValueKind.Number)
            return [Int(key, min, max)];
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > maxCount)
            throw Refuse(key, $"expected an integer or a list of at most {maxCount} integers, found {Shown(value)}");
        var numbers = ImmutableArray.CreateBuilder<int>(value.GetArrayLength());
        foreach (JsonElement element in value.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt32(out int number) || number < min || number > max)
                throw Refuse($"{key}[{numbers.Count}]", $"expected an integer from {min} to {max}, found {Shown(element)}");
            numbers.Add(number);
        }
        return numbers.MoveToImmutable();
    }

    /// <summary>A token of a vocabulary; null where the key is absent.</summary>
    public int? OptionalToken(string key, int vocabularySize)
    {
        if (!Has(key))
            return null;
        JsonElement value = _element.GetProperty(key);
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int token) && token >= 0 && token < vocabularySize
            ? token
            : throw Refuse(key, $"expected a token of the vocabulary, 0 to {vocabularySize - 1}, found {Shown(value)}");
    }

    /// <summary>Refuses any value but the one that the implementation computes; an absent key passes.</summary>
    public void MustBe(string key, string expected)
    {
        if (OptionalString(key) is { } found && found != expected)
            throw Refuse(key, $"found \"{found}\"; only \"{expected}\" is supported");
    }

    private CheckpointException Missing(string key, string expected) => Refuse(key, $"missing; expected {expected}");

    /// <summary>A value as messages quote it: the first of its text.</summary>
    private static string Shown(JsonElement value) => value.GetRawText() is { Length: > MaxShown } text ? text[..MaxShown] + "…" : value.GetRawText();
}
