using System.Text.Json;

namespace Gemma4.Server.Hub;

/// <summary>Reads a page of a repository's list of files.</summary>
/// <remarks><c>[{"type": "file", "path": …, "size": …, "oid": git's hash, "lfs": {"oid": SHA-256, "size": …}}]</c>; <c>lfs</c> is there for large files,
/// those in Xet among them (huggingface_hub, <c>hf_api.py</c>, <c>RepoFile</c>).</remarks>
internal static class HubList
{
    /// <returns>The files; null where it is no such list.</returns>
    public static IReadOnlyList<HubFile>? Read(JsonElement page)
    {
        if (page.ValueKind != JsonValueKind.Array)
            return null;
        var files = new List<HubFile>();
        foreach (JsonElement entry in page.EnumerateArray())
        {
            if (Text(entry, "type") != "file")
                continue;
            JsonElement stored = entry.TryGetProperty("lfs", out JsonElement lfs) && lfs.ValueKind == JsonValueKind.Object ? lfs : entry;
            if (Text(entry, "path") is not { } path || Text(stored, "oid") is not { } hash || Size(stored) is not { } size)
                return null;
            files.Add(new HubFile(path, size, hash));
        }
        return files;
    }

    private static string? Text(JsonElement entry, string name) =>
        entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long? Size(JsonElement entry) =>
        entry.TryGetProperty("size", out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long size) && size >= 0 ? size : null;
}
