namespace Gemma4.Engine.Vision;

/// <summary>Counts the scans of a JPEG without decoding it.</summary>
/// <remarks>
/// A progressive file of a few kilobytes may hold thousands of empty scans, each of which makes a decoder pass over every coefficient
/// of a large image: the one cost of a JPEG that its dimensions do not bound.
/// </remarks>
internal static class JpegScans
{
    private const byte StartOfScan = 0xDA;
    private const byte EndOfImage = 0xD9;

    /// <summary>Number of start-of-scan markers before the end of the image.</summary>
    public static int Count(ReadOnlySpan<byte> jpeg)
    {
        int scans = 0;
        int i = 2; // after start-of-image
        while (true)
        {
            int next = jpeg[Math.Min(i, jpeg.Length)..].IndexOf((byte)0xFF);
            if (next < 0 || i + next + 1 >= jpeg.Length)
                return scans;
            i += next + 1;
            byte marker = jpeg[i];
            if (marker == 0xFF) // fill byte: the marker may begin with the second one
                continue;
            i++;
            if (marker == EndOfImage)
                return scans;
            if (marker is 0x00 or 0x01 or (>= 0xD0 and <= 0xD8)) // a stuffed byte of entropy-coded data, or a marker without a body
                continue;
            if (marker == StartOfScan)
                scans++;
            if (i + 2 > jpeg.Length)
                return scans;
            i += (jpeg[i] << 8) | jpeg[i + 1];
        }
    }
}
