namespace Gemma4.Engine.Audio;

/// <summary>The two logarithmic 8-bit encodings of telephony (ITU-T G.711).</summary>
internal static class Companding
{
    /// <summary>A-law: even bits are stored inverted.</summary>
    public static float ALaw(byte code)
    {
        int value = code ^ 0x55;
        int exponent = (value >> 4) & 7;
        int mantissa = ((value & 0x0F) << 4) + 8;
        int magnitude = exponent == 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
        return ((value & 0x80) != 0 ? magnitude : -magnitude) / 32768f;
    }

    /// <summary>µ-law: all bits are stored inverted.</summary>
    public static float MuLaw(byte code)
    {
        int value = ~code & 0xFF;
        int magnitude = ((((value & 0x0F) << 3) + 0x84) << ((value >> 4) & 7)) - 0x84;
        return ((value & 0x80) != 0 ? -magnitude : magnitude) / 32768f;
    }
}
