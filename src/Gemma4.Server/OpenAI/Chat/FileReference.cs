namespace Gemma4.Server.OpenAI.Chat;

/// <summary>A file in a message: one that is kept, or in the message itself. Its content decides what it is to the model.</summary>
internal sealed record FileReference
{
    /// <summary>A file of <c>/v1/files</c>.</summary>
    public string? FileId { get; init; }

    /// <summary>In its place: base64 of the file, or a data URL of it.</summary>
    public string? FileData { get; init; }

    /// <summary>Of <c>file_data</c>: its name, which the model is shown with a text.</summary>
    public string? Filename { get; init; }
}
