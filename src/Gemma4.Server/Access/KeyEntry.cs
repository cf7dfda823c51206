using System.Collections.Immutable;
using System.Text.Json;
using Gemma4.Server.Limits;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Access;

/// <summary>One entry of a key file.</summary>
internal static class KeyEntry
{
    private const int MaxModels = 256;

    private static readonly string[] Fields =
        ["name", "key", "sha256", "requests_per_minute", "tokens_per_minute", "max_concurrent", "models", "priority"];

    /// <summary>Reads it.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="place">File and index, for messages.</param>
    /// <exception cref="OptionsException">Something is wrong with it.</exception>
    public static ApiKey Read(JsonElement entry, string place)
    {
        if (entry.ValueKind != JsonValueKind.Object)
            throw new OptionsException($"{place} is not an object with the fields {string.Join(", ", Fields)}.");
        string name = Text(entry, "name", place) ?? throw new OptionsException($"{place} has no 'name'. Give it one, by which logs and metrics call the key.");
        if (!ApiKey.IsName(name))
            throw new OptionsException($"{place}.name is '{KeyFile.Quoted(name)}'; a name is {ApiKey.NameRule}.");
        place = $"{place} ('{name}')";
        foreach (JsonProperty field in entry.EnumerateObject())
        {
            if (!Fields.Contains(field.Name, StringComparer.Ordinal))
                throw new OptionsException($"{place}: '{KeyFile.Quoted(field.Name)}' is not a field of a key. There are {string.Join(", ", Fields)}.");
        }
        var limits = new KeyLimits
        {
            RequestsPerMinute = Number(entry, "requests_per_minute", 1, place),
            TokensPerMinute = Number(entry, "tokens_per_minute", 1, place),
            MaxConcurrent = Number(entry, "max_concurrent", 1, place),
            Models = Models(entry, place),
            Priority = Number(entry, "priority", int.MinValue, place) ?? 0,
        };
        return new ApiKey(name, Hash(entry, place), limits);
    }

    private static byte[] Hash(JsonElement entry, string place)
    {
        (string? key, string? hash) = (Text(entry, "key", place), Text(entry, "sha256", place));
        if (key is null == hash is null)
            throw new OptionsException($"{place} needs either 'key' or 'sha256', the key's SHA-256 in hexadecimal digits.");
        if (key is not null)
            return ApiKey.IsKey(key) ? ApiKey.HashOf(key) : throw new OptionsException($"{place}.key is no key: {ApiKey.KeyRule}.");
        return hash!.Length == ApiKey.HashDigits && hash.All(char.IsAsciiHexDigit)
            ? Convert.FromHexString(hash)
            : throw new OptionsException($"{place}.sha256 is not {ApiKey.HashDigits} hexadecimal digits. Make them with: printf %s KEY | sha256sum");
    }

    private static ImmutableArray<string> Models(JsonElement entry, string place)
    {
        if (!entry.TryGetProperty("models", out JsonElement models))
            return [];
        // An empty list could mean all or none: neither is guessed.
        if (models.ValueKind != JsonValueKind.Array || models.GetArrayLength() is 0 or > MaxModels || models.EnumerateArray().Any(m => m.ValueKind != JsonValueKind.String))
            throw new OptionsException($"{place}.models is not a list of 1 to {MaxModels} model ids. Leave it away to allow all.");
        return [.. models.EnumerateArray().Select(model => model.GetString()!)];
    }

    private static string? Text(JsonElement entry, string field, string place)
    {
        if (!entry.TryGetProperty(field, out JsonElement value))
            return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw new OptionsException($"{place}.{field} is not a text.");
    }

    private static int? Number(JsonElement entry, string field, int minimum, string place)
    {
        if (!entry.TryGetProperty(field, out JsonElement value))
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= minimum
            ? number
            : throw new OptionsException($"{place}.{field} is not a whole number from {minimum} to {int.MaxValue}.");
    }
}
