namespace Gemma4.Engine.Audio;

/// <summary>Reads FLAC files (RFC 9639): all block sizes, bit depths and channel layouts of the format, checksums verified.</summary>
/// <remarks>Our own, because no maintained managed decoder is published.</remarks>
internal sealed class FlacSource : SampleSource
{
    private const int MaxBlockSize = 65_535;

    private readonly ReadOnlyMemory<byte> _file;
    private readonly int _bitsPerSample;
    private readonly long _totalSamples; // 0 where the encoder did not know
    private readonly long[] _block;
    private int _position; // of the next frame
    private int _blockSize;
    private int _blockBits;
    private int _given; // samples of the block, per channel, that were read
    private long _decoded;

    /// <summary>Reads the metadata.</summary>
    /// <exception cref="UnreadableAudioException">No valid FLAC.</exception>
    public FlacSource(ReadOnlyMemory<byte> file)
    {
        _file = file;
        ReadOnlySpan<byte> bytes = file.Span;
        int at = 4;
        for (bool last = false; !last;)
        {
            if (at + 4 > bytes.Length)
                throw new UnreadableAudioException("truncated");
            last = (bytes[at] & 0x80) != 0;
            int type = bytes[at] & 0x7F, length = (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
            at += 4;
            if (length > bytes.Length - at)
                throw new UnreadableAudioException("truncated");
            if (type == 0)
            {
                var info = new FlacBits(bytes.Slice(at, length));
                for (int skipped = 0; skipped < 5; skipped++) // block and frame sizes
                    info.Read(16);
                SampleRate = (int)info.Read(20);
                Channels = (int)info.Read(3) + 1;
                _bitsPerSample = (int)info.Read(5) + 1;
                _totalSamples = ((long)info.Read(4) << 32) | info.Read(32);
            }
            at += length;
        }
        if (SampleRate == 0)
            throw new UnreadableAudioException("without stream information");
        _position = at;
        _block = new long[MaxBlockSize * Channels];
    }

    /// <inheritdoc/>
    public override int SampleRate { get; }

    /// <inheritdoc/>
    public override int Channels { get; }

    /// <inheritdoc/>
    public override int Read(Span<float> samples)
    {
        if (_given == _blockSize && !TryDecodeFrame())
        {
            if (_decoded < _totalSamples)
                throw new UnreadableAudioException("truncated");
            return 0;
        }
        int count = Math.Min(samples.Length / Channels, _blockSize - _given);
        float scale = 1f / (1L << (_blockBits - 1));
        for (int i = 0; i < count; i++)
        {
            for (int c = 0; c < Channels; c++)
                samples[i * Channels + c] = _block[c * MaxBlockSize + _given + i] * scale;
        }
        _given += count;
        return count * Channels;
    }

    private bool TryDecodeFrame()
    {
        ReadOnlySpan<byte> bytes = _file.Span[_position..];
        if (bytes.IsEmpty || (_totalSamples > 0 && _decoded >= _totalSamples)) // tags may follow the last frame
            return false;
        var reader = new FlacBits(bytes);
        if (reader.Read(15) != 0x7FFC)
            throw new UnreadableAudioException("damaged (frame header)");
        reader.Read(1);
        int sizeCode = (int)reader.Read(4), rateCode = (int)reader.Read(4), layout = (int)reader.Read(4), depthCode = (int)reader.Read(3);
        reader.Read(1);
        SkipFrameNumber(ref reader);
        _blockSize = sizeCode switch
        {
            1 => 192,
            >= 2 and <= 5 => 576 << (sizeCode - 2),
            6 => (int)reader.Read(8) + 1,
            7 => (int)reader.Read(16) + 1,
            >= 8 => 256 << (sizeCode - 8),
            _ => throw new UnreadableAudioException("damaged (block size)"),
        };
        reader.Read(rateCode switch { 12 => 8, 13 or 14 => 16, _ => 0 });
        _blockBits = depthCode switch { 0 => _bitsPerSample, 1 => 8, 2 => 12, 4 => 16, 5 => 20, 6 => 24, 7 => 32, _ => 0 };
        int header = reader.BytePosition;
        if (reader.Read(8) != FlacChecksum.Crc8(bytes[..header]) || _blockBits == 0 || _blockSize > MaxBlockSize)
            throw new UnreadableAudioException("damaged (frame header)");
        DecodeChannels(ref reader, layout);
        reader.Align();
        int body = reader.BytePosition;
        if (reader.Read(16) != FlacChecksum.Crc16(bytes[..body]))
            throw new UnreadableAudioException("damaged (checksum)");
        _position += reader.BytePosition;
        _decoded += _blockSize;
        _given = 0;
        return true;
    }

    /// <summary>Layouts 0 to 7: independent channels. 8: left and side. 9: side and right. 10: mid and side; side is left less right.</summary>
    private void DecodeChannels(ref FlacBits reader, int layout)
    {
        int channels = layout < 8 ? layout + 1 : 2;
        if (layout > 10 || channels != Channels)
            throw new UnreadableAudioException("damaged (channel layout)");
        for (int c = 0; c < channels; c++)
        {
            bool side = layout == 9 ? c == 0 : layout is 8 or 10 && c == 1;
            FlacSubframe.Decode(ref reader, _blockBits + (side ? 1 : 0), _block.AsSpan(c * MaxBlockSize, _blockSize));
        }
        if (layout < 8)
            return;
        Span<long> first = _block.AsSpan(0, _blockSize), second = _block.AsSpan(MaxBlockSize, _blockSize);
        for (int i = 0; i < _blockSize; i++)
        {
            long a = first[i], b = second[i];
            (first[i], second[i]) = layout switch
            {
                8 => (a, a - b),
                9 => (a + b, b),
                _ => (((a * 2 | (b & 1)) + b) >> 1, ((a * 2 | (b & 1)) - b) >> 1),
            };
        }
    }

    /// <summary>The frame's or first sample's number, coded like a UTF-8 character of up to seven bytes.</summary>
    private static void SkipFrameNumber(ref FlacBits reader)
    {
        uint lead = reader.Read(8);
        int ones = System.Numerics.BitOperations.LeadingZeroCount(~(lead << 24));
        if (ones is 1 or 8)
            throw new UnreadableAudioException("damaged (frame number)");
        for (int i = 1; i < ones; i++)
        {
            if (reader.Read(2) != 2)
                throw new UnreadableAudioException("damaged (frame number)");
            reader.Read(6);
        }
    }
}
