using Gemma4.Engine.Configuration;
using Microsoft.Win32.SafeHandles;

namespace Gemma4.Engine.Loading.Gguf;

/// <summary>Reads a small tensor's bytes.</summary>
internal static class GgufBytes
{
    /// <exception cref="CheckpointException">The file has changed since its header was read.</exception>
    public static byte[] Read(GgufTensor tensor)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(tensor.File);
            var bytes = new byte[tensor.Length];
            return RandomAccess.Read(file, bytes, tensor.Offset) == bytes.Length
                ? bytes
                : throw new CheckpointException(tensor.File, $"tensor {tensor.Name}: could not be read; did the file shrink?");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(tensor.File, $"cannot be read: {e.Message}", e);
        }
    }
}
