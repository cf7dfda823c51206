using System.Buffers.Binary;
using System.IO.Compression;
using SkiaSharp;

namespace Gemma4.Engine.Tests.Vision;

/// <summary>Writes picture files of odd kinds byte by byte, so that what is in them is known.</summary>
internal static class TestPictures
{
    /// <summary>A PNG of given header and raw scanlines (each with its filter byte), with further chunks before the pixels.</summary>
    public static byte[] Png(int width, int height, byte bitDepth, byte colorType, byte[] scanlines, params (string Type, byte[] Data)[] chunks) =>
        Png(width, height, bitDepth, colorType, interlaced: false, scanlines, chunks);

    /// <summary>The same, Adam7-interlaced if asked (the scanlines are then those of the passes).</summary>
    public static byte[] Png(
        int width, int height, byte bitDepth, byte colorType, bool interlaced, byte[] scanlines, params (string Type, byte[] Data)[] chunks)
    {
        using var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = bitDepth;
        header[9] = colorType;
        header[12] = interlaced ? (byte)1 : (byte)0;
        Chunk(file, "IHDR", header);
        foreach ((string type, byte[] data) in chunks)
            Chunk(file, type, data);
        using var deflated = new MemoryStream();
        using (var zlib = new ZLibStream(deflated, CompressionLevel.Fastest, leaveOpen: true))
            zlib.Write(scanlines);
        Chunk(file, "IDAT", deflated.ToArray());
        Chunk(file, "IEND", []);
        return file.ToArray();
    }

    /// <summary>Four quarters: red, green / blue, white, in the order they are stored; 32 x 48 pixels.</summary>
    public static SKBitmap Quarters()
    {
        var bitmap = new SKBitmap(new SKImageInfo(32, 48, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (int y = 0; y < 48; y++)
        {
            for (int x = 0; x < 32; x++)
                bitmap.SetPixel(x, y, (x < 16, y < 24) switch
                {
                    (true, true) => SKColors.Red,
                    (false, true) => SKColors.Lime,
                    (true, false) => SKColors.Blue,
                    _ => SKColors.White,
                });
        }
        return bitmap;
    }

    /// <summary>Encodes with Skia.</summary>
    public static byte[] Encode(SKBitmap bitmap, SKEncodedImageFormat format, int quality = 100)
    {
        using SKData data = bitmap.Encode(format, quality);
        return data.ToArray();
    }

    /// <summary>A JPEG with the EXIF orientation put in as its first segment.</summary>
    public static byte[] WithExifOrientation(byte[] jpeg, ushort orientation)
    {
        byte[] exif = ExifOrientation(orientation);
        byte[] segment = [0xFF, 0xE1, 0, (byte)(exif.Length + 8), .. "Exif\0\0"u8, .. exif];
        return [.. jpeg[..2], .. segment, .. jpeg[2..]];
    }

    /// <summary>A simple WebP made an extended one with an EXIF chunk.</summary>
    public static byte[] WithExifChunk(byte[] webp, int width, int height, ushort orientation)
    {
        byte[] exif = ExifOrientation(orientation);
        byte[] extended = [.. "VP8X"u8, 10, 0, 0, 0, 0x08, 0, 0, 0, (byte)(width - 1), 0, 0, (byte)(height - 1), 0, 0];
        byte[] body = [.. "WEBP"u8, .. extended, .. webp[12..], .. "EXIF"u8, (byte)exif.Length, 0, 0, 0, .. exif];
        return [.. "RIFF"u8, .. BitConverter.GetBytes(body.Length), .. body];
    }

    /// <summary>A TIFF header with one entry, the orientation: what EXIF segments and <c>eXIf</c> chunks hold.</summary>
    public static byte[] ExifOrientation(ushort orientation) =>
        [.. "MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)orientation, 0, 0, 0, 0, 0, 0];

    /// <summary>A GIF of one frame of two colours (index 0 and 1), each row alternating, index 1 transparent if asked.</summary>
    public static byte[] Gif(byte[] palette6, bool transparent)
    {
        // 4 x 2 pixels; LZW with 2-bit codes grows at the third entry, so a clear code (4) before every two pixels keeps codes at 3 bits.
        int[] codes = [4, 0, 1, 4, 0, 1, 4, 0, 1, 4, 0, 1, 5];
        var bits = new byte[(codes.Length * 3 + 7) / 8];
        for (int i = 0; i < codes.Length * 3; i++)
            bits[i / 8] |= (byte)(((codes[i / 3] >> (i % 3)) & 1) << (i % 8));
        byte[] control = transparent ? [0x21, 0xF9, 4, 1, 0, 0, 1, 0] : [];
        return [.. "GIF89a"u8, 4, 0, 2, 0, 0x80, 0, 0, .. palette6, .. control, 0x2C, 0, 0, 0, 0, 4, 0, 2, 0, 0, 2, (byte)bits.Length, .. bits, 0, 0x3B];
    }

    /// <summary>A BMP of 24 bits a pixel, stored from the bottom up.</summary>
    public static byte[] Bmp(int width, int height, Func<int, int, (byte R, byte G, byte B)> color)
    {
        int stride = (width * 3 + 3) / 4 * 4;
        var file = new byte[54 + stride * height];
        "BM"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(2), file.Length);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(10), 54);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(14), 40);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(18), width);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(22), height);
        file[26] = 1;
        file[28] = 24;
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                (byte r, byte g, byte b) = color(x, y);
                byte[] bgr = [b, g, r];
                bgr.CopyTo(file, 54 + (height - 1 - y) * stride + x * 3);
            }
        }
        return file;
    }

    private static void Chunk(MemoryStream file, string type, byte[] data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        byte[] body = [.. System.Text.Encoding.ASCII.GetBytes(type), .. data];
        file.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32(body));
        file.Write(number);
    }

    /// <summary>A baseline JPEG of one 8 x 8 block a component, each of one value: four components are Adobe's inverted CMYK.</summary>
    public static byte[] FlatJpeg(params byte[] components)
    {
        byte n = (byte)components.Length;
        byte[] adobe = n == 4 ? [0xFF, 0xEE, 0, 14, .. "Adobe"u8, 0, 100, 0, 0, 0, 0, 0] : [];
        var file = new List<byte> { 0xFF, 0xD8 };
        file.AddRange(adobe);
        file.AddRange([0xFF, 0xDB, 0, 67, 0, .. Enumerable.Repeat((byte)1, 64)]);
        file.AddRange([0xFF, 0xC0, 0, (byte)(8 + 3 * n), 8, 0, 8, 0, 8, n]);
        for (byte c = 1; c <= n; c++)
            file.AddRange([c, 0x11, 0]);
        file.AddRange([0xFF, 0xC4, 0, 19 + 12, 0x00, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        file.AddRange([0xFF, 0xC4, 0, 19 + 1, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        file.AddRange([0xFF, 0xDA, 0, (byte)(6 + 2 * n), n]);
        for (byte c = 1; c <= n; c++)
            file.AddRange([c, 0x00]);
        file.AddRange([0, 63, 0]);
        var bits = new System.Text.StringBuilder();
        foreach (byte value in components)
        {
            int dc = (value - 128) * 8;
            int category = 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)Math.Abs(dc));
            bits.Append(Convert.ToString(category, 2).PadLeft(4, '0'));
            if (category > 0)
                bits.Append(Convert.ToString(dc > 0 ? dc : dc + (1 << category) - 1, 2).PadLeft(category, '0'));
            bits.Append('0'); // end of block
        }
        string padded = bits.ToString().PadRight((bits.Length + 7) / 8 * 8, '1');
        for (int i = 0; i < padded.Length; i += 8)
        {
            byte b = Convert.ToByte(padded.Substring(i, 8), 2);
            file.AddRange(b == 0xFF ? [b, 0] : [b]);
        }
        file.AddRange([0xFF, 0xD9]);
        return [.. file];
    }

    /// <summary>The checksum of PNG chunks.</summary>
    public static uint Crc32(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int k = 0; k < 8; k++)
                crc = (crc >> 1) ^ (0xEDB88320u & (uint)-(int)(crc & 1));
        }
        return ~crc;
    }
}
