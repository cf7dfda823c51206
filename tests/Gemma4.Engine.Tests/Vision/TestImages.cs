using System.Buffers.Binary;
using System.IO.Compression;
using SkiaSharp;

namespace Gemma4.Engine.Tests.Vision;

/// <summary>Writes image files of odd kinds byte by byte, so that what is in them is known.</summary>
internal static class TestImages
{
    /// <summary>Huffman table of JPEG: categories of DC differences, each of four bits.</summary>
    private static readonly byte[] DcTable =
        [0xFF, 0xC4, 0, 19 + 12, 0x00, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

    /// <summary>And of AC coefficients: nothing but the end of a block, of one bit.</summary>
    private static readonly byte[] AcTable = [0xFF, 0xC4, 0, 19 + 1, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>A PNG of given header and raw scanlines (each with its filter byte), with further chunks before the pixels.</summary>
    public static byte[] Png(int width, int height, byte bitDepth, byte colorType, byte[] scanlines, params (string Type, byte[] Data)[] chunks) =>
        Png(width, height, bitDepth, colorType, interlaced: false, scanlines, chunks);

    /// <summary>The same, Adam7-interlaced if asked (the scanlines are then those of the passes).</summary>
    public static byte[] Png(
        int width, int height, byte bitDepth, byte colorType, bool interlaced, byte[] scanlines, params (string Type, byte[] Data)[] chunks)
    {
        using var deflated = new MemoryStream();
        using (var zlib = new ZLibStream(deflated, CompressionLevel.Fastest, leaveOpen: true))
            zlib.Write(scanlines);
        return PngOfStream(width, height, bitDepth, colorType, interlaced, deflated.ToArray(), chunks);
    }

    /// <summary>A PNG of whole pixels, row by row, interlaced (Adam7) or not.</summary>
    public static byte[] Png(int width, int height, byte bitDepth, byte colorType, byte[] pixels, int bytesPerPixel, bool interlaced)
    {
        (int X, int Y, int StepX, int StepY)[] passes = interlaced
            ? [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
            : [(0, 0, 1, 1)];
        var scanlines = new List<byte>();
        foreach ((int x0, int y0, int stepX, int stepY) in passes)
        {
            for (int y = y0; y < height; y += stepY)
            {
                scanlines.Add(0);
                for (int x = x0; x < width; x += stepX)
                    scanlines.AddRange(pixels.AsSpan((y * width + x) * bytesPerPixel, bytesPerPixel));
            }
        }
        return Png(width, height, bitDepth, colorType, interlaced, [.. scanlines]);
    }

    /// <summary>The same of scanlines that are deflated already.</summary>
    public static byte[] PngOfStream(
        int width, int height, byte bitDepth, byte colorType, bool interlaced, byte[] deflated, params (string Type, byte[] Data)[] chunks)
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
        Chunk(file, "IDAT", deflated);
        Chunk(file, "IEND", []);
        return file.ToArray();
    }

    /// <summary>Zeros deflated: a thousandth of their size.</summary>
    public static byte[] DeflatedZeros(long bytes)
    {
        using var deflated = new MemoryStream();
        using (var zlib = new ZLibStream(deflated, CompressionLevel.Optimal, leaveOpen: true))
        {
            var block = new byte[1 << 20];
            for (long left = bytes; left > 0; left -= block.Length)
                zlib.Write(block.AsSpan(0, (int)Math.Min(left, block.Length)));
        }
        return deflated.ToArray();
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

    /// <summary>Simple WebPs, each as large as the canvas, as the frames of an animated one.</summary>
    public static byte[] Animated(int width, int height, params byte[][] frames)
    {
        byte[] size = [(byte)(width - 1), 0, 0, (byte)(height - 1), 0, 0];
        IEnumerable<byte> Frame(byte[] webp) =>
            [.. "ANMF"u8, .. BitConverter.GetBytes(16 + webp.Length - 12), 0, 0, 0, 0, 0, 0, .. size, 100, 0, 0, 0, .. webp[12..]];
        byte[] body = [.. "WEBPVP8X"u8, 10, 0, 0, 0, 2, 0, 0, 0, .. size, .. "ANIM"u8, 6, .. new byte[9], .. frames.SelectMany(Frame)];
        return [.. "RIFF"u8, .. BitConverter.GetBytes(body.Length), .. body];
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

    /// <summary>A BMP of any kind around its data, with a palette up to 8 bits.</summary>
    public static byte[] Bmp(int width, int height, short bits, int compression, byte[] data, params (byte R, byte G, byte B)[] palette)
    {
        var head = new byte[54 + (bits <= 8 ? 4 << bits : 0)];
        "BM"u8.CopyTo(head);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(2), head.Length + data.Length);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(10), head.Length);
        head[14] = 40;
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(18), width);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(22), height);
        head[26] = 1;
        BinaryPrimitives.WriteInt16LittleEndian(head.AsSpan(28), bits);
        head[30] = (byte)compression;
        for (int i = 0; i < palette.Length; i++)
            (head[54 + i * 4], head[55 + i * 4], head[56 + i * 4]) = (palette[i].B, palette[i].G, palette[i].R);
        return [.. head, .. data];
    }

    /// <summary>A GIF of so many frames, each of two pixels' data, whatever size is said.</summary>
    public static byte[] GifCanvas(int width, int height, int frameWidth, int frameHeight, int frames)
    {
        static byte[] Two(int value) => [(byte)value, (byte)(value >> 8)];
        byte[] frame = [0x2C, 0, 0, 0, 0, .. Two(frameWidth), .. Two(frameHeight), 0, 2, 2, 0x4C, 0x01, 0];
        return
        [
            .. "GIF89a"u8, .. Two(width), .. Two(height), 0x80, 0, 0, 1, 2, 3, 250, 240, 230,
            .. Enumerable.Repeat(frame, frames).SelectMany(f => f), 0x3B,
        ];
    }

    /// <summary>A JPEG of three components and so many scans without a bit of data.</summary>
    public static byte[] EmptyJpeg(int width, int height, byte startOfFrame, int scans)
    {
        var file = new List<byte> { 0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0 };
        file.AddRange(Enumerable.Repeat((byte)1, 64));
        file.AddRange([0xFF, startOfFrame, 0, 17, 8, (byte)(height >> 8), (byte)height, (byte)(width >> 8), (byte)width, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]);
        file.AddRange(DcTable);
        file.AddRange(AcTable);
        file.AddRange([0xFF, 0xDA, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 0, 0]);
        for (int scan = 1; scan < scans; scan++)
            file.AddRange([0xFF, 0xDA, 0, 8, 1, (byte)(1 + scan % 3), 0, 1, 63, 0]);
        return [.. file, 0xFF, 0xD9];
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
    public static byte[] FlatJpeg(params byte[] components) => FlatJpeg(components.Length == 4 ? 0 : null, components);

    /// <summary>The same with Adobe's word on what the components are: 0 as they are, 1 YCbCr, 2 YCCK.</summary>
    public static byte[] FlatJpeg(byte? adobeTransform, params byte[] components)
    {
        byte n = (byte)components.Length;
        byte[] adobe = adobeTransform is { } transform ? [0xFF, 0xEE, 0, 14, .. "Adobe"u8, 0, 100, 0, 0, 0, 0, transform] : [];
        var file = new List<byte> { 0xFF, 0xD8 };
        file.AddRange(adobe);
        file.AddRange([0xFF, 0xDB, 0, 67, 0, .. Enumerable.Repeat((byte)1, 64)]);
        file.AddRange([0xFF, 0xC0, 0, (byte)(8 + 3 * n), 8, 0, 8, 0, 8, n]);
        for (byte c = 1; c <= n; c++)
            file.AddRange([c, 0x11, 0]);
        file.AddRange(DcTable);
        file.AddRange(AcTable);
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
        file.AddRange(Bits(bits.ToString()));
        file.AddRange([0xFF, 0xD9]);
        return [.. file];
    }

    /// <summary>A grey progressive JPEG of one block of one value, whose last bit comes in a scan of its own.</summary>
    public static byte[] ProgressiveJpeg(byte value)
    {
        int dc = (value - 128) * 8;
        int category = 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)Math.Abs(dc >> 1));
        int magnitude = dc >> 1 > 0 ? dc >> 1 : (dc >> 1) + (1 << category) - 1;
        byte[] first = Bits(Convert.ToString(category, 2).PadLeft(4, '0') + Convert.ToString(magnitude, 2).PadLeft(category, '0'));
        byte[] last = Bits((dc & 1).ToString(System.Globalization.CultureInfo.InvariantCulture));
        return
        [
            0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0, .. Enumerable.Repeat((byte)1, 64), 0xFF, 0xC2, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0, .. DcTable,
            0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0, 0x01, .. first, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0, 0x10, .. last, 0xFF, 0xD9,
        ];
    }

    /// <summary>Entropy-coded data: bits, filled up with ones, a zero byte behind each of ones.</summary>
    private static byte[] Bits(string bits)
    {
        string padded = bits.PadRight((bits.Length + 7) / 8 * 8, '1');
        return [.. Enumerable.Range(0, padded.Length / 8).Select(i => Convert.ToByte(padded.Substring(i * 8, 8), 2)).SelectMany(b => b == 0xFF ? new byte[] { b, 0 } : [b])];
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
