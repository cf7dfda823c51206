using NVorbis;
using NVorbis.Contracts;

namespace Gemma4.Engine.Audio;

/// <summary>Hands the decoder its packets, and nothing that could make it loop or hoard: no comments, no absurd tables, no positions.</summary>
internal sealed class VorbisPackets(OggPackets packets) : NVorbis.Contracts.IPacketProvider
{
    private const int CommentPacket = 1, SetupPacket = 2;

    private Packet? _next;
    private int _count;

    /// <inheritdoc/>
    public bool CanSeek => false;

    /// <inheritdoc/>
    public int StreamSerial => 0;

    /// <inheritdoc/>
    public IPacket? GetNextPacket()
    {
        IPacket? packet = PeekNextPacket();
        _next = null;
        return packet;
    }

    /// <inheritdoc/>
    public IPacket? PeekNextPacket()
    {
        if (_next is null && packets.TryRead(out byte[] bytes))
        {
            if (_count == CommentPacket)
                bytes = [3, .. "vorbis"u8, 0, 0, 0, 0, 0, 0, 0, 0, 1]; // no one reads them, and a length in them may be anything
            else if (_count == SetupPacket)
                VorbisCodebooks.Check(bytes);
            _count++;
            _next = new Packet(bytes) { IsEndOfStream = packets.IsLast };
        }
        return _next;
    }

    /// <inheritdoc/>
    public long SeekTo(long granulePos, int preRoll, GetPacketGranuleCount getPacketGranuleCount) => throw new NotSupportedException();

    /// <inheritdoc/>
    public long GetGranuleCount() => throw new NotSupportedException();

    private sealed class Packet(byte[] bytes) : DataPacket
    {
        /// <summary>A short packet is padded with zeros, but some of the library's loops wait for a one: past this they wait in vain.</summary>
        private const int MostReadsPastTheEnd = 10_000;

        private int _position;
        private int _readsPastTheEnd;

        protected override int TotalBits => bytes.Length * 8;

        public override void Reset()
        {
            _position = 0;
            base.Reset();
        }

        protected override int ReadNextByte()
        {
            if (_position < bytes.Length)
                return bytes[_position++];
            if (++_readsPastTheEnd > MostReadsPastTheEnd)
                throw new UnreadableAudioException("damaged (a packet ends too early)");
            return -1;
        }
    }
}
