using System.Collections.Immutable;
using System.Text.Json;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Access;

/// <summary>Reads keys from a JSON file, <c>{"keys": [{"name": "alice", "key": "sk-…"}]}</c>, or from a folder with a file a key, as
/// Kubernetes mounts secrets.</summary>
internal static class KeyFile
{
    private const int MaxKeys = 10_000, MaxDepth = 8;
    private const int MaxFileBytes = 8 << 20, MaxKeyBytes = 4096;

    private static readonly JsonDocumentOptions Strictness = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    /// <summary>Reads all keys.</summary>
    /// <param name="path">File or folder.</param>
    /// <exception cref="OptionsException">It is not there, or something in it is wrong: the message names file, entry and fix.</exception>
    public static ImmutableArray<ApiKey> Read(string path)
    {
        ImmutableArray<ApiKey> keys = Directory.Exists(path) ? ReadFolder(path) : ReadJson(path);
        Check(keys, path, key => key.Name, "two keys are named");
        Check(keys, path, key => key.Id, "two keys have the same hash");
        return keys;
    }

    private static ImmutableArray<ApiKey> ReadJson(string path)
    {
        byte[] bytes = BoundedFile.Read(path, MaxFileBytes);
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes, Strictness);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("keys", out JsonElement keys) || keys.ValueKind != JsonValueKind.Array)
                throw new OptionsException($"{path}: expected an object with the list 'keys', as in {{\"keys\": [{{\"name\": \"alice\", \"key\": \"sk-…\"}}]}}.");
            if (root.EnumerateObject().FirstOrDefault(field => field.Name != "keys") is { Value.ValueKind: not JsonValueKind.Undefined } other)
                throw new OptionsException($"{path}: '{Quoted(other.Name)}' is not a field beside 'keys'. Remove it.");
            if (keys.GetArrayLength() > MaxKeys)
                throw new OptionsException($"{path}: {keys.GetArrayLength()} keys; {MaxKeys} is the most.");
            return [.. keys.EnumerateArray().Select((entry, index) => KeyEntry.Read(entry, $"{path}: keys[{index}]"))];
        }
        catch (JsonException exception)
        {
            // The parser's own message may quote what stands there, which may be a key.
            throw new OptionsException($"{path} is not valid JSON: line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}.");
        }
        catch (InvalidOperationException)
        {
            // What the reader says of bytes and escapes in a text that stand for no characters, once the text is asked for.
            throw new OptionsException($"{path} holds a text that is not valid Unicode.");
        }
    }

    /// <summary>Hidden files are left out: Kubernetes keeps what the others link to there.</summary>
    private static ImmutableArray<ApiKey> ReadFolder(string path)
    {
        try
        {
            string[] files = [.. Directory.EnumerateFiles(path).Where(file => Path.GetFileName(file)[0] != '.').Take(MaxKeys + 1).Order(StringComparer.Ordinal)];
            return files.Length <= MaxKeys
                ? [.. files.Select(ReadKey)]
                : throw new OptionsException($"{path}: more than {MaxKeys} files; each is a key.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OptionsException($"{path} cannot be read: {exception.Message}");
        }
    }

    private static ApiKey ReadKey(string file)
    {
        string name = Path.GetFileName(file);
        if (!ApiKey.IsName(name))
            throw new OptionsException($"{file}: the file's name is the key's, which is {ApiKey.NameRule}. Rename it.");
        string key = System.Text.Encoding.UTF8.GetString(BoundedFile.Read(file, MaxKeyBytes)).Trim();
        return ApiKey.IsKey(key)
            ? ApiKey.Unnamed(key) with { Name = name }
            : throw new OptionsException($"{file}: the file's content is the key, which is {ApiKey.KeyRule}.");
    }

    private static void Check(ImmutableArray<ApiKey> keys, string path, Func<ApiKey, string> of, string words)
    {
        if (keys.GroupBy(of, StringComparer.Ordinal).FirstOrDefault(group => group.Skip(1).Any()) is { } twice)
            throw new OptionsException($"{path}: {words} {string.Join(" and ", twice.Take(2).Select(key => $"'{key.Name}'"))}. Remove one of them.");
    }

    /// <summary>What stands in a file may be long.</summary>
    internal static string Quoted(string text) => text.Length <= 64 ? text : $"{text[..64]}…";
}
