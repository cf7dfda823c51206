namespace Gemma4.Engine.Configuration;

/// <summary>A checkpoint that cannot be used: a file, key or tensor is missing, malformed, or not what the model needs.</summary>
/// <remarks>The message names the file, the key or tensor, what was found and what was expected, and is fit to show to the user.</remarks>
public sealed class CheckpointException : Exception
{
    /// <summary>Refuses a file.</summary>
    /// <param name="file">Path of the file at fault.</param>
    /// <param name="problem">What is wrong with it, naming the key or tensor.</param>
    public CheckpointException(string file, string problem) : base($"{file}: {problem}") => File = file;

    /// <summary>Refuses a file because of another failure.</summary>
    /// <param name="file">Path of the file at fault.</param>
    /// <param name="problem">What is wrong with it.</param>
    /// <param name="cause">The failure underneath.</param>
    public CheckpointException(string file, string problem, Exception cause) : base($"{file}: {problem}", cause) => File = file;

    /// <summary>Path of the file at fault.</summary>
    public string File { get; }
}
