using Gemma4.Engine.Backends;

namespace Gemma4.Engine.Loading;

/// <summary>Brings mapped bytes into memory, so that no step waits for a disk.</summary>
internal static unsafe class PageReader
{
    private const long BytesPerPart = 4 << 20;

    /// <summary>Reads a byte of every page, shared out over the backend's threads.</summary>
    public static void Read(byte* data, long length, Backend backend) =>
        backend.ShareOut(checked((int)((length + BytesPerPart - 1) / BytesPerPart)), new Pages(data, length));

    /// <summary>A part is some pages.</summary>
    private sealed class Pages(byte* data, long length) : IParts
    {
        public void Run(int part, int worker)
        {
            long end = Math.Min(length, (part + 1) * BytesPerPart);
            for (long at = part * BytesPerPart; at < end; at += Environment.SystemPageSize)
                _ = Volatile.Read(ref data[at]);
        }
    }
}
