namespace Gemma4.Engine.Audio;

/// <summary>The checksums of FLAC frames: polynomials x⁸+x²+x+1 and x¹⁶+x¹⁵+x²+1, most significant bit first, starting at 0.</summary>
internal static class FlacChecksum
{
    private static readonly ushort[] Table16 = CreateTable16();

    /// <summary>Of a frame header.</summary>
    public static uint Crc8(ReadOnlySpan<byte> bytes)
    {
        uint crc = 0;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
                crc = ((crc << 1) ^ ((crc & 0x80) != 0 ? 0x07u : 0)) & 0xFF;
        }
        return crc;
    }

    /// <summary>Of a whole frame.</summary>
    public static uint Crc16(ReadOnlySpan<byte> bytes)
    {
        uint crc = 0;
        foreach (byte b in bytes)
            crc = ((crc << 8) & 0xFFFF) ^ Table16[(crc >> 8) ^ b];
        return crc;
    }

    private static ushort[] CreateTable16()
    {
        var table = new ushort[256];
        for (int i = 0; i < table.Length; i++)
        {
            uint crc = (uint)i << 8;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc << 1) ^ ((crc & 0x8000) != 0 ? 0x8005u : 0);
            table[i] = (ushort)crc;
        }
        return table;
    }
}
