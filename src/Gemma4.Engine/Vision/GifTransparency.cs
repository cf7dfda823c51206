namespace Gemma4.Engine.Vision;

/// <summary>Finds the flag that makes one colour of a GIF's first frame transparent.</summary>
/// <remarks>A decoder paints nothing there. The reference keeps the colour (Pillow's <c>convert("RGB")</c>), and so does a decoder that does
/// not see the flag.</remarks>
internal static class GifTransparency
{
    private const byte Extension = 0x21, GraphicControl = 0xF9, Image = 0x2C;
    private const int HeaderBytes = 13;

    /// <summary>The bit in the byte at <see cref="FlagOffset"/>.</summary>
    public const byte Flag = 1;

    /// <summary>Where the byte with the flag is; -1 when nothing is transparent.</summary>
    public static int FlagOffset(ReadOnlySpan<byte> gif)
    {
        if (gif.Length < HeaderBytes)
            return -1;
        int paletteBytes = (gif[10] & 0x80) != 0 ? 3 << ((gif[10] & 7) + 1) : 0;
        int at = HeaderBytes + paletteBytes, found = -1;
        while (at + 3 < gif.Length && gif[at] == Extension)
        {
            if (gif[at + 1] == GraphicControl && gif[at + 2] == 4)
                found = (gif[at + 3] & Flag) != 0 ? at + 3 : -1;
            for (at += 2; at < gif.Length && gif[at] != 0;) // blocks, each behind its length; none is the last
                at += 1 + gif[at];
            at++;
        }
        return at < gif.Length && gif[at] == Image ? found : -1;
    }
}
