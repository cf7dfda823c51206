namespace Gemma4.Server.Mapping.Files;

/// <summary>What a file that stands in a request is to the model, by its content, in the words that requests have for it.</summary>
internal abstract record ReferredFile
{
    /// <summary>Text, as it stands in the prompt.</summary>
    public sealed record Text(string Content) : ReferredFile;

    /// <summary>An image as a data URL.</summary>
    public sealed record Image(string Url) : ReferredFile;

    /// <summary>An audio clip, base64.</summary>
    public sealed record Audio(string Data) : ReferredFile;

    /// <summary>A video as a data URL.</summary>
    public sealed record Video(string Url) : ReferredFile;
}
