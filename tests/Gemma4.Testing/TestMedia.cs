using System.Buffers.Binary;

namespace Gemma4.Testing;

/// <summary>Images and audio clips for requests.</summary>
internal static class TestMedia
{
    /// <summary>A file of the fixtures.</summary>
    public static byte[] Read(string file) => File.ReadAllBytes(Path.Combine(RepositoryPaths.Fixtures, "media", file));

    /// <summary>The same as a <c>data:</c> URL.</summary>
    public static string DataUrl(string file, string type) => DataUrl(Read(file), type);

    /// <summary>Bytes as a <c>data:</c> URL.</summary>
    public static string DataUrl(byte[] file, string type) => $"data:{type};base64,{Convert.ToBase64String(file)}";

    /// <summary>A WAV of 16-bit samples, one channel.</summary>
    public static byte[] Wav(ReadOnlySpan<short> samples, int rate)
    {
        var file = new byte[44 + samples.Length * 2];
        "RIFF"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), file.Length - 8);
        "WAVEfmt "u8.CopyTo(file.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(16), 16);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(20), 1 | 1 << 16); // PCM, one channel
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(24), rate);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(28), rate * 2);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(32), 2 | 16 << 16);
        "data"u8.CopyTo(file.AsSpan(36));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(40), samples.Length * 2);
        for (int i = 0; i < samples.Length; i++)
            BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(44 + i * 2), samples[i]);
        return file;
    }
}
