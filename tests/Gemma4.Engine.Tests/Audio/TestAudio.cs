using System.Buffers.Binary;
using Concentus;
using Concentus.Enums;

namespace Gemma4.Engine.Tests.Audio;

/// <summary>Writes audio files of each kind, so that what is in them is known.</summary>
internal static class TestAudio
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

    /// <summary>Opus in Ogg of up to eight loudspeakers, made by the library's encoder.</summary>
    public static byte[] OpusSurround(float[] samples, int channels)
    {
        const int frame = 960;
        OpusCodecFactory.AttemptToUseNativeLibrary = false;
        var mapping = new byte[channels];
        using IOpusMultiStreamEncoder encoder = OpusCodecFactory.CreateMultiStreamEncoder(
            48_000, channels, 1, out int streams, out int coupled, mapping, OpusApplication.OPUS_APPLICATION_AUDIO);
        byte[] head = [.. "OpusHead"u8, 1, (byte)channels, 56, 1, 0x80, 0xBB, 0, 0, 0, 0, 1, (byte)streams, (byte)coupled, .. mapping];
        byte[] tags = [.. "OpusTags"u8, 0, 0, 0, 0, 0, 0, 0, 0];
        var pages = new List<byte[]> { OggPage([head], 0, 0, 2), OggPage([tags], 0, 1, 0) };
        int frames = samples.Length / channels / frame;
        var buffer = new byte[10_000];
        for (int i = 0; i < frames; i++)
        {
            int length = encoder.EncodeMultistream(samples.AsSpan(i * frame * channels, frame * channels), frame, buffer, buffer.Length);
            pages.Add(OggPage([buffer[..length]], (i + 1) * frame, pages.Count, i == frames - 1 ? (byte)4 : (byte)0));
        }
        return [.. pages.SelectMany(b => b)];
    }

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

    /// <summary>The first two pages of an Opus file: its headers.</summary>
    public static byte[] OpusHead() => FirstPages(Opus(Tone(400, 48_000, 0.1), 1));

    /// <summary>The first two pages of a Vorbis file: its headers.</summary>
    public static byte[] VorbisHead() => FirstPages(Vorbis(packets: 2, line: 9));

    private static byte[] FirstPages(byte[] ogg)
    {
        int at = 0;
        for (int page = 0; page < 2; page++)
            at += 27 + ogg[at + 26] + ogg.AsSpan(at + 27, ogg[at + 26]).ToArray().Sum(b => b);
        return ogg[..at];
    }

    /// <summary>One Ogg page of whole packets, or of packets of which the last goes on in the next page.</summary>
    public static byte[] OggPage(byte[][] packets, long granule, int sequence, byte flags, byte stream = 7, bool isWhole = true)
    {
        byte[] lacing = [.. packets.SelectMany(p => Enumerable.Repeat((byte)255, p.Length / 255).Append((byte)(p.Length % 255)))];
        if (!isWhole)
            lacing = lacing[..^1];
        byte[] page = [.. "OggS\0"u8, flags, .. BitConverter.GetBytes(granule), stream, 0, 0, 0, .. BitConverter.GetBytes(sequence), 0, 0, 0, 0,
            (byte)lacing.Length, .. lacing, .. packets.SelectMany(p => p)];
        SetOggChecksum(page);
        return page;
    }

    /// <summary>Writes an Ogg page's checksum into it.</summary>
    public static void SetOggChecksum(Span<byte> page)
    {
        page.Slice(22, 4).Clear();
        uint crc = 0;
        foreach (byte b in page)
        {
            crc ^= (uint)b << 24;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc << 1) ^ ((crc & 0x80000000) != 0 ? 0x04C11DB7u : 0);
        }
        BinaryPrimitives.WriteUInt32LittleEndian(page[22..], crc);
    }

    /// <summary>Vorbis at 16 kHz in blocks of 256, each holding one MDCT line: nearly a tone at its frequency.</summary>
    public static byte[] Vorbis(int packets, int line, int channels = 1)
    {
        var identification = new BitWriter(lowestFirst: true);
        identification.Write(0, 32);
        identification.Write((ulong)channels, 8);
        identification.Write(16_000, 32);
        identification.Write(0, 96); // bit rates
        identification.Write(0x88, 8); // both block sizes 2^8
        identification.Write(1, 1);
        var setup = new BitWriter(lowestFirst: true);
        setup.Write(2 - 1, 8); // codebooks: of classes, and of values 0 and 1
        for (int book = 0; book < 2; book++)
        {
            setup.Write(0x564342, 24);
            setup.Write(1, 16); // dimensions
            setup.Write(2, 24); // entries, of one bit each
            setup.Write(0, 2);
            setup.Write(0, 5);
            setup.Write(0, 5);
            setup.Write((ulong)book, 4); // a lookup table for the second
        }
        setup.Write(0, 32); // least value 0
        setup.Write(788u << 21 | 1, 32); // step 1
        setup.Write(0, 4 + 1); // multiplicands of one bit: 0 and 1
        setup.Write(0b10, 2);
        setup.Write(0, 6 + 16); // time
        setup.Write(0, 6);
        setup.Write(1, 16); // floor 1, without partitions: one line from end to end
        setup.Write(0, 5 + 2);
        setup.Write(7, 4);
        setup.Write(0, 6);
        setup.Write(1, 16); // residue 1 over 128 lines in partitions of 32; class 0 is silent, class 1 has the value book
        setup.Write(0, 24);
        setup.Write(128, 24);
        setup.Write(32 - 1, 24);
        setup.Write(2 - 1, 6);
        setup.Write(0, 8);
        setup.Write(0, 4);
        setup.Write(1, 4);
        setup.Write(1, 8);
        setup.Write(0, 6 + 16 + 4 + 24); // mapping
        setup.Write(0, 6 + 1 + 32 + 8); // mode
        setup.Write(1, 1);
        var audio = new BitWriter(lowestFirst: true);
        audio.Write(0, 1);
        for (int c = 0; c < channels; c++)
            audio.Write(1 | 230 << 1 | 230 << 9, 17); // a floor, of height 230 at both ends
        for (int partition = 0; partition < 4; partition++)
        {
            bool loud = line / 32 == partition;
            for (int c = 0; c < channels; c++)
                audio.Write(loud ? 1u : 0u, 1);
            for (int c = 0; loud && c < channels; c++)
                audio.Write(1u << (line % 32), 32);
        }
        byte[] comment = [3, .. "vorbis"u8, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        var pages = new List<byte[]>
        {
            OggPage([[1, .. "vorbis"u8, .. identification.ToArray()]], 0, 0, 2),
            OggPage([comment, [5, .. "vorbis"u8, .. setup.ToArray()]], 0, 1, 0),
        };
        for (int at = 0; at < packets; at += 100)
        {
            int count = Math.Min(100, packets - at);
            pages.Add(OggPage([.. Enumerable.Repeat(audio.ToArray(), count)], (at + count - 1) * 128, pages.Count, at + count == packets ? (byte)4 : (byte)0));
        }
        return [.. pages.SelectMany(p => p)];
    }

    /// <summary>MPEG-1 layer III at 44.1 kHz and 128 kbit/s, each granule holding one MDCT line: nearly a tone at its frequency.</summary>
    /// <param name="frames">1152 samples each.</param>
    /// <param name="line">Of 576.</param>
    /// <param name="channels">1, or 2 alike.</param>
    /// <param name="varies">Every other frame at 64 kbit/s, behind a frame of no audio clip that says so, tags at both ends.</param>
    public static byte[] Mp3(int frames, int line, int channels = 1, bool varies = false)
    {
        byte[] audio = Mp3Frame(line, channels);
        byte[] Frame(byte rate, int length, byte[] content)
        {
            byte[] frame = [0xFF, 0xFB, rate, channels == 1 ? (byte)0xC0 : (byte)0x00, .. content];
            Array.Resize(ref frame, length);
            return frame;
        }
        byte[] large = Frame(0x90, 417, audio); // 144 * 128,000 / 44,100
        if (!varies)
            return [.. Enumerable.Repeat(large, frames).SelectMany(f => f)];
        byte[] small = Frame(0x50, 208, audio);
        byte[] head = Frame(0x90, 417, [.. new byte[channels == 1 ? 17 : 32], .. "Xing"u8, 0, 0, 0, 1, .. BitConverter.GetBytes(frames).Reverse()]);
        return
        [
            .. "ID3"u8, 4, 0, 0, 0, 0, 0, 20, .. new byte[20], .. head, .. Enumerable.Range(0, frames).SelectMany(i => i % 2 == 0 ? large : small),
            .. "TAG"u8, .. new byte[125],
        ];
    }

    /// <summary>Side information and main data of one frame.</summary>
    private static byte[] Mp3Frame(int line, int channels)
    {
        var bits = new BitWriter();
        for (int g = 0; g < 2 * channels; g++) // two granules a frame; huffman table 1 codes pairs of values up to 1
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
        side.Write(0, channels == 1 ? 5 + 4 : 3 + 8); // private bits, no scale factors shared
        for (int g = 0; g < 2 * channels; g++)
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
        return [.. side.ToArray(), .. main];
    }
}

/// <summary>Writes bits, the highest of each byte first unless told otherwise.</summary>
internal sealed class BitWriter(bool lowestFirst = false)
{
    private readonly List<byte> _bytes = [];
    private int _free;

    public void Write(ulong value, int bits)
    {
        for (int i = 0; i < bits; i++)
        {
            if (_free == 0)
            {
                _bytes.Add(0);
                _free = 8;
            }
            _free--;
            ulong bit = (value >> (lowestFirst ? i : bits - 1 - i)) & 1;
            _bytes[^1] |= (byte)(bit << (lowestFirst ? 7 - _free : _free));
        }
    }

    public void Align() => _free = 0;

    public byte[] ToArray() => [.. _bytes];
}
