using System.Collections.Immutable;
using System.Text.Json;

namespace Gemma4.Engine.Configuration;

/// <summary>An object of a JSON file whose readers say which file and key is at fault.</summary>
internal readonly struct ConfigSection
{
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
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            JsonElement root = document.RootElement.Clone();
            return root.ValueKind == JsonValueKind.Object
                ? new ConfigSection(file, "", root)
                : throw new CheckpointException(file, $"expected a JSON object, found {root.ValueKind}");
        }
        catch (JsonException e)
        {
            throw new CheckpointException(file, $"not valid JSON: {e.Message}", e);
        }
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

    public int Int(string key) => OptionalInt(key) ?? throw Missing(key, "an integer");

    public int? OptionalInt(string key)
    {
        if (!Has(key))
            return null;
        JsonElement value = _element.GetProperty(key);
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number)
            ? number
            : throw Refuse(key, $"expected an integer, found {value.GetRawText()}");
    }

    /// <summary>An integer of at least 1.</summary>
    public int Count(string key) => Positive(key, Int(key));

    /// <summary>An integer of at least 1, where it is given.</summary>
    public int? OptionalCount(string key) => OptionalInt(key) is { } value ? Positive(key, value) : null;

    public double Number(string key) => OptionalNumber(key) ?? throw Missing(key, "a number");

    public double? OptionalNumber(string key)
    {
        if (!Has(key))
            return null;
        JsonElement value = _element.GetProperty(key);
        return value.ValueKind == JsonValueKind.Number
            ? value.GetDouble()
            : throw Refuse(key, $"expected a number, found {value.GetRawText()}");
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
            _ => throw Refuse(key, $"expected true or false, found {value.GetRawText()}"),
        };
    }

    public string? OptionalString(string key)
    {
        if (!Has(key))
            return null;
        JsonElement value = _element.GetProperty(key);
        return value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : throw Refuse(key, $"expected a string, found {value.GetRawText()}");
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

    /// <summary>A list of integers, or a single one; empty where the key is absent.</summary>
    public ImmutableArray<int> Ints(string key)
    {
        if (!Has(key))
            return [];
        JsonElement value = _element.GetProperty(key);
        if (value.ValueKind == JsonValueKind.Number)
            return [Int(key)];
        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(e => e.ValueKind != JsonValueKind.Number || !e.TryGetInt32(out _)))
            throw Refuse(key, $"expected an integer or a list of integers, found {value.GetRawText()}");
        return [.. value.EnumerateArray().Select(e => e.GetInt32())];
    }

    /// <summary>Refuses any value but the one that the implementation computes; an absent key passes.</summary>
    public void MustBe(string key, string expected)
    {
        if (OptionalString(key) is { } found && found != expected)
            throw Refuse(key, $"found \"{found}\"; only \"{expected}\" is supported");
    }

    private CheckpointException Missing(string key, string expected) => Refuse(key, $"missing; expected {expected}");

    private int Positive(string key, int value) => value >= 1 ? value : throw Refuse(key, $"expected at least 1, found {value}");
}
