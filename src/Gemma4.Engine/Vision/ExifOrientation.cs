using System.Buffers.Binary;

namespace Gemma4.Engine.Vision;

/// <summary>Finds the EXIF orientation in a PNG (<c>eXIf</c>) or WebP (<c>EXIF</c>) file, where the decoder does not look for it.</summary>
internal static class ExifOrientation
{
    /// <summary>Stored as shown.</summary>
    public const int Upright = 1;

    private const ushort OrientationTag = 0x0112;

    /// <summary>1 to 8 as EXIF numbers them; 1 where nothing valid is said.</summary>
    public static int Read(ReadOnlySpan<byte> file, ImageFormat format) => format switch
    {
        ImageFormat.Png => ReadTiff(FindChunk(file, start: 8, typeFirst: false, "eXIf"u8)),
        ImageFormat.Webp => ReadTiff(FindChunk(file, start: 12, typeFirst: true, "EXIF"u8)),
        _ => Upright,
    };

    /// <summary>PNG: big-endian length, type, data, checksum. RIFF: type, little-endian length, data, filled up to even.</summary>
    private static ReadOnlySpan<byte> FindChunk(ReadOnlySpan<byte> file, int start, bool typeFirst, ReadOnlySpan<byte> wanted)
    {
        for (long at = start; at + 8 <= file.Length;)
        {
            ReadOnlySpan<byte> head = file.Slice((int)at, 8);
            uint length = typeFirst ? BinaryPrimitives.ReadUInt32LittleEndian(head[4..]) : BinaryPrimitives.ReadUInt32BigEndian(head);
            if (length > file.Length - at - 8)
                break;
            if ((typeFirst ? head[..4] : head[4..]).SequenceEqual(wanted))
                return file.Slice((int)at + 8, (int)length);
            at += 8 + length + (typeFirst ? length & 1 : 4);
        }
        return [];
    }

    private static int ReadTiff(ReadOnlySpan<byte> tiff)
    {
        if (tiff.StartsWith("Exif\0\0"u8)) // some writers keep JPEG's prefix
            tiff = tiff[6..];
        if (tiff.Length < 8)
            return Upright;
        bool big = tiff.StartsWith("MM\0*"u8);
        if (!big && !tiff.StartsWith("II*\0"u8))
            return Upright;
        uint directory = big ? BinaryPrimitives.ReadUInt32BigEndian(tiff[4..]) : BinaryPrimitives.ReadUInt32LittleEndian(tiff[4..]);
        if (directory > tiff.Length - 2)
            return Upright;
        int entries = ReadUInt16(tiff[(int)directory..], big);
        ReadOnlySpan<byte> rest = tiff[((int)directory + 2)..];
        for (int i = 0; i < entries && rest.Length >= 12; i++, rest = rest[12..])
        {
            if (ReadUInt16(rest, big) == OrientationTag && ReadUInt16(rest[8..], big) is >= 1 and <= 8 and var orientation)
                return orientation;
        }
        return Upright;
    }

    private static ushort ReadUInt16(ReadOnlySpan<byte> bytes, bool big) =>
        big ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
}
