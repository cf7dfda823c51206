using Gemma4.Server.Errors;
using Gemma4.Server.Storage;

namespace Gemma4.Server.Mapping.Files;

/// <summary>The form that a file was sent in.</summary>
internal sealed class FileUpload
{
    private const int MaxNameLength = 255, MinSeconds = 3600, MaxSeconds = 2_592_000;

    private static readonly string[] Purposes = ["batch", "vision", "user_data"];

    /// <summary>What was written of it; null where there was no file.</summary>
    public FileContent? Content { get; set; }

    /// <summary>Its name.</summary>
    public string? Filename { get; set; }

    /// <summary>What it is for.</summary>
    public string? Purpose { get; set; }

    /// <summary>From when on it ages.</summary>
    public string? Anchor { get; set; }

    /// <summary>How long it is kept.</summary>
    public int? ExpiresAfterSeconds { get; set; }

    /// <summary>A name without folders, control characters and a length that nobody reads.</summary>
    public static string NameOf(string given)
    {
        string name = given[(given.LastIndexOfAny(['/', '\\']) + 1)..];
        name = string.Concat(name.Where(c => !char.IsControl(c) && !char.IsSurrogate(c)));
        return name.Length is 0 ? "file" : name.Length <= MaxNameLength ? name : name[^MaxNameLength..];
    }

    /// <summary>Checks the whole.</summary>
    /// <exception cref="ApiException">The first fault.</exception>
    public void Check()
    {
        if (Content is null)
            throw Fault.Missing("file");
        if (Purpose is null)
            throw Fault.Missing("purpose");
        if (!Purposes.Contains(Purpose))
            throw Fault.Value("purpose", Purpose, Purposes);
        if (Anchor is null != ExpiresAfterSeconds is null)
            throw Fault.Missing(Anchor is null ? "expires_after[anchor]" : "expires_after[seconds]");
        if (Anchor is not (null or "created_at"))
            throw Fault.Value("expires_after[anchor]", Anchor, ["created_at"]);
        if (ExpiresAfterSeconds < MinSeconds)
            throw Fault.BelowMinimum("expires_after[seconds]", "integer", MinSeconds, $"{ExpiresAfterSeconds}");
        if (ExpiresAfterSeconds > MaxSeconds)
            throw Fault.AboveMaximum("expires_after[seconds]", "integer", MaxSeconds, $"{ExpiresAfterSeconds}");
    }
}
