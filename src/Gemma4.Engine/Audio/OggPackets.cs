using System.Buffers.Binary;

namespace Gemma4.Engine.Audio;

/// <summary>Cuts the first logical stream of an Ogg file (RFC 3533) into its packets, checksums verified.</summary>
internal sealed class OggPackets(ReadOnlyMemory<byte> file)
{
    private const int HeaderBytes = 27;

    private static readonly uint[] CrcTable = CreateCrcTable();

    private readonly ReadOnlyMemory<byte> _file = file;
    private readonly Queue<byte[]> _packets = new();
    private readonly List<byte> _partial = [];
    private int _position;
    private uint? _stream;

    /// <summary>Position of the end of the last page read, in samples of the codec's clock; -1 before one is known.</summary>
    public long LastGranule { get; private set; } = -1;

    /// <summary>Whether the stream's last page was read.</summary>
    public bool Ended { get; private set; }

    /// <summary>Whether the packet read last was the stream's last one.</summary>
    public bool IsLast => Ended && _packets.Count == 0;

    /// <summary>The next packet; false at the end of the stream.</summary>
    /// <exception cref="UnreadableAudioException">The file is damaged, or ends before the stream does.</exception>
    public bool TryRead(out byte[] packet)
    {
        while (_packets.Count == 0)
        {
            if (Ended || !TryReadPage())
            {
                if (!Ended)
                    throw new UnreadableAudioException("truncated");
                packet = [];
                return false;
            }
        }
        packet = _packets.Dequeue();
        return true;
    }

    private bool TryReadPage()
    {
        ReadOnlySpan<byte> rest = _file.Span[_position..];
        if (rest.Length < HeaderBytes)
            return false;
        int segments = rest[26];
        if (!rest.StartsWith("OggS\0"u8) || rest.Length < HeaderBytes + segments)
            throw new UnreadableAudioException("damaged (page header)");
        ReadOnlySpan<byte> lacing = rest.Slice(HeaderBytes, segments);
        int body = 0;
        foreach (byte length in lacing)
            body += length;
        int size = HeaderBytes + segments + body;
        if (rest.Length < size)
            throw new UnreadableAudioException("truncated");
        if (Checksum(rest[..size]) != BinaryPrimitives.ReadUInt32LittleEndian(rest[22..]))
            throw new UnreadableAudioException("damaged (checksum)");
        _position += size;
        uint stream = BinaryPrimitives.ReadUInt32LittleEndian(rest[14..]);
        _stream ??= stream;
        if (stream != _stream) // another stream, multiplexed or chained
            return true;
        ReadOnlySpan<byte> data = rest.Slice(HeaderBytes + segments, body);
        foreach (byte length in lacing)
        {
            _partial.AddRange(data[..length]);
            data = data[length..];
            if (length == 255) // goes on in the next segment
                continue;
            _packets.Enqueue([.. _partial]);
            _partial.Clear();
        }
        long granule = BinaryPrimitives.ReadInt64LittleEndian(rest[6..]);
        if (granule >= 0)
            LastGranule = granule;
        Ended = (rest[5] & 4) != 0;
        return true;
    }

    private static uint Checksum(ReadOnlySpan<byte> page)
    {
        uint crc = 0;
        for (int i = 0; i < page.Length; i++)
            crc = (crc << 8) ^ CrcTable[(crc >> 24) ^ (i is >= 22 and < 26 ? 0u : page[i])]; // its own field counts as 0
        return crc;
    }

    private static uint[] CreateCrcTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            uint crc = i << 24;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc << 1) ^ ((crc & 0x80000000) != 0 ? 0x04C11DB7u : 0);
            table[i] = crc;
        }
        return table;
    }
}
