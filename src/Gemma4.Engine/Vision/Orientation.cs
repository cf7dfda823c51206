namespace Gemma4.Engine.Vision;

/// <summary>How a stored image is to be shown.</summary>
/// <param name="Turned">Stored rows are shown as columns, and the other way round.</param>
/// <param name="MirroredAcross">What is shown from left to right is stored from its end.</param>
/// <param name="MirroredDown">What is shown from top to bottom is stored from its end.</param>
internal readonly record struct Orientation(bool Turned, bool MirroredAcross, bool MirroredDown)
{
    /// <summary>Reads EXIF's numbers: 1 as stored, 2 to 4 mirrored or upside down, 5 to 8 on its side.</summary>
    public static Orientation FromExif(int orientation) => new(orientation is >= 5 and <= 8, orientation is 2 or 3 or 6 or 7, orientation is 3 or 4 or 7 or 8);

    /// <summary>The size an image of <paramref name="width"/> x <paramref name="height"/> stored pixels is shown at.</summary>
    public (int Width, int Height) Shown(int width, int height) => Turned ? (height, width) : (width, height);
}
