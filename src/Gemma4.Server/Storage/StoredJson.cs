using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Responses;

namespace Gemma4.Server.Storage;

/// <summary>What is kept as the bytes that it is kept in: the API's own JSON.</summary>
internal static class StoredJson
{
    private const int MaxIdLength = 128;

    /// <summary>The bytes of a value.</summary>
    public static byte[] Bytes<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);

    /// <summary>The value of some bytes.</summary>
    public static T Value<T>(byte[] bytes, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(bytes, type) ?? throw new InvalidDataException("An entry of the database holds no value.");

    /// <summary>An item to be kept.</summary>
    public static EntryItem Item(ItemRole role, ResponseItem item) => new(role, IsId(item.Id) ? item.Id : null, Bytes(item, OpenAIJson.Context.ResponseItem));

    /// <summary>An item that was kept.</summary>
    public static ResponseItem Item(EntryItem item) => Value(item.Body, OpenAIJson.Context.ResponseItem);

    /// <summary>Whether anything can be kept under an id; what callers name otherwise is not there.</summary>
    public static bool IsId(string? id) => id is { Length: > 0 and <= MaxIdLength } && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
}
