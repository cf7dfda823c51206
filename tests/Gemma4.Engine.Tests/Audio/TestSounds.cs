using System.Buffers.Binary;
using Concentus;
using Concentus.Enums;

namespace Gemma4.Engine.Tests.Audio;

/// <summary>Writes sound files of each kind, so that what is in them is known.</summary>
internal static class TestSounds
{
    /// <summary>Samples of a tone, interleaved for <paramref name="channels"/> channels.</summary>
    public static float[] Tone(double hertz, int rate, double seconds, int channels = 1, double height = 0.5)
    {
        var samples = new float[(int)(rate * seconds) * channels];
        for (int i = 0; i < samples.Length; i++)
            samples[i] = (float)(height * Math.Sin(2 * Math.PI * hertz * (i / channels) / rate));
        return samples;
    }

    /// <summary>A WAV of given encoding around bytes that hold its samples.</summary>
    public static byte[] Wav(ushort encoding, int channels, int rate, int bits, byte[] data, bool extensible = false, uint? statedLength = null)
    {
        byte[] format = new byte[extensible ? 40 : 16];
        int align = channels * (bits / 8);
        BinaryPrimitives.WriteUInt16LittleEndian(format, extensible ? (ushort)0xFFFE : encoding);
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(2), (ushort)channels);
        BinaryPrimitives.WriteInt32LittleEndian(format.AsSpan(4), rate);
        BinaryPrimitives.WriteInt32LittleEndian(format.AsSpan(8), rate * align);
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(12), (ushort)align);
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(14), (ushort)bits);
        if (extensible)
        {
            format[16] = 22;
            BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(24), encoding);
        }
        byte[] odd = [.. "LIST"u8, 3, 0, 0, 0, 1, 2, 3, 0]; // an unknown chunk of odd length, filled up
        byte[] body = [.. "WAVE"u8, .. odd, .. "fmt "u8, (byte)format.Length, 0, 0, 0, .. format,
            .. "data"u8, .. BitConverter.GetBytes(statedLength ?? (uint)data.Length), .. data];
        return [.. "RIFF"u8, .. BitConverter.GetBytes(body.Length), .. body];
    }

    /// <summary>A WAV of 16-bit integers.</summary>
    public static byte[] Wav16(float[] samples, int channels, int rate) =>
        Wav(1, channels, rate, 16, [.. samples.SelectMany(s => BitConverter.GetBytes((short)Math.Round(s * 32767)))]);

    /// <summary>Opus in Ogg, made by the library's encoder.</summary>
    public static byte[] Opus(float[] samples, int channels)
    {
        const int frame = 960;
        OpusCodecFactory.AttemptToUseNativeLibrary = false;
        using IOpusEncoder encoder = OpusCodecFactory.CreateEncoder(48_000, channels, OpusApplication.OPUS_APPLICATION_AUDIO);
        encoder.Bitrate = 96_000;
        const ushort preSkip = 312;
        byte[] head = [.. "OpusHead"u8, 1, (byte)channels, preSkip & 0xFF, preSkip >> 8, 0x80, 0xBB, 0, 0, 0, 0, 0];
        byte[] tags = [.. "OpusTags"u8, 0, 0, 0, 0, 0, 0, 0, 0];
        var pages = new List<byte[]> { OggPage([head], 0, 0, 2), OggPage([tags], 0, 1, 0) };
        int total = samples.Length / channels;
        float[] padded = [.. samples, .. new float[frame * 2 * channels]];
        var packets = new List<byte[]>();
        var buffer = new byte[4000];
        for (int at = 0; at < total + preSkip; at += frame)
            packets.Add(buffer[..encoder.Encode(padded.AsSpan(at * channels, frame * channels), frame, buffer, buffer.Length)]);
        for (int p = 0; p < packets.Count; p += 10)
        {
            byte[][] some = [.. packets.Skip(p).Take(10)];
            bool last = p + 10 >= packets.Count;
            pages.Add(OggPage(some, last ? total + preSkip : (p + some.Length) * frame, pages.Count, last ? (byte)4 : (byte)0));
        }
        return [.. pages.SelectMany(b => b)];
    }

    /// <summary>One Ogg page of whole packets.</summary>
    public static byte[] OggPage(byte[][] packets, long granule, int sequence, byte flags)
    {
        byte[] lacing = [.. packets.SelectMany(p => Enumerable.Repeat((byte)255, p.Length / 255).Append((byte)(p.Length % 255)))];
        byte[] page = [.. "OggS\0"u8, flags, .. BitConverter.GetBytes(granule), 7, 0, 0, 0, .. BitConverter.GetBytes(sequence), 0, 0, 0, 0,
            (byte)lacing.Length, .. lacing, .. packets.SelectMany(p => p)];
        uint crc = 0;
        foreach (byte b in page)
        {
            crc ^= (uint)b << 24;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc << 1) ^ ((crc & 0x80000000) != 0 ? 0x04C11DB7u : 0);
        }
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(22), crc);
        return page;
    }

    /// <summary>Mono MPEG-1 layer III at 44.1 kHz and 128 kbit/s, each granule holding one MDCT line: nearly a tone at its frequency.</summary>
    public static byte[] Mp3(int frames, int line)
    {
        var bits = new BitWriter();
        for (int g = 0; g < 2; g++) // two granules a frame; huffman table 1 codes pairs of values up to 1
        {
            for (int pair = 0; pair < line / 2; pair++)
                bits.Write(1, 1); // (0, 0)
            bits.Write(line % 2 == 0 ? 0b01u : 0b001u, line % 2 == 0 ? 2 : 3); // (1, 0) or (0, 1)
            bits.Write(0, 1); // its sign
        }
        int granuleBits = line / 2 + (line % 2 == 0 ? 3 : 4);
        byte[] main = bits.ToArray();
        var side = new BitWriter();
        side.Write(0, 9); // main data begins in this frame
        side.Write(0, 5 + 4); // private bits, no scale factors shared
        for (int g = 0; g < 2; g++)
        {
            side.Write((uint)granuleBits, 12);
            side.Write((uint)(line / 2 + 1), 9); // pairs
            side.Write(210 - 8, 8); // global gain
            side.Write(0, 4 + 1); // no scale factor bits, long blocks
            side.Write(1, 5); // table 1 in the three regions
            side.Write(1, 5);
            side.Write(1, 5);
            side.Write(15, 4);
            side.Write(7, 3);
            side.Write(0, 3);
        }
        byte[] frame = [0xFF, 0xFB, 0x90, 0xC0, .. side.ToArray(), .. main];
        Array.Resize(ref frame, 417); // 144 * 128,000 / 44,100
        return [.. Enumerable.Repeat(frame, frames).SelectMany(f => f)];
    }
}

/// <summary>Writes big-endian bits.</summary>
internal sealed class BitWriter
{
    private readonly List<byte> _bytes = [];
    private int _free;

    public void Write(ulong value, int bits)
    {
        for (int i = bits - 1; i >= 0; i--)
        {
            if (_free == 0)
            {
                _bytes.Add(0);
                _free = 8;
            }
            _bytes[^1] |= (byte)(((value >> i) & 1) << --_free);
        }
    }

    public void Align() => _free = 0;

    public byte[] ToArray() => [.. _bytes];
}
