namespace Gemma4.Engine.Loading.Repacked;

/// <summary>A checkpoint that is to be written again: one file of weights, and what belongs beside it.</summary>
internal abstract class Repacking
{
    /// <summary>Bytes of the file of weights, for the progress and for the room on the disk.</summary>
    public abstract long Length { get; }

    /// <summary>Bytes of the files beside it.</summary>
    public abstract long RestLength { get; }

    /// <summary>What the file's name begins with.</summary>
    public abstract string Stem { get; }

    /// <summary>What its name ends with, the dot included.</summary>
    public abstract string Extension { get; }

    /// <summary>Bytes of a file, or of the one that a link leads to.</summary>
    protected static long LengthOf(string file)
    {
        using FileStream stream = File.OpenRead(file);
        return stream.Length;
    }

    /// <summary>Writes the file of weights.</summary>
    public abstract void Write(RepackWriter file);

    /// <summary>Writes the files beside it.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="weights">Name of the file of weights, which is there.</param>
    public abstract void WriteRest(string folder, string weights);
}
