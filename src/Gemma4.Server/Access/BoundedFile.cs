using Gemma4.Server.Settings;

namespace Gemma4.Server.Access;

/// <summary>Reads files of settings that may be anything: of any size, a device, not there.</summary>
internal static class BoundedFile
{
    /// <summary>All bytes of a file.</summary>
    /// <exception cref="OptionsException">It cannot be read, or is larger.</exception>
    public static byte[] Read(string path, int maxBytes)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            // Not by the file's own length, which devices do not have and which may change meanwhile.
            byte[] bytes = new byte[maxBytes + 1];
            int read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return read <= maxBytes
                ? bytes[..read]
                : throw new OptionsException($"{path} is larger than {maxBytes} bytes.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new OptionsException($"{path} cannot be read: {exception.Message}");
        }
    }
}
