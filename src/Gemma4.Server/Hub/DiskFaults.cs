namespace Gemma4.Server.Hub;

/// <summary>Failures of the disk, in words that say what to do.</summary>
internal static class DiskFaults
{
    /// <summary>Free bytes where a folder lies.</summary>
    public static long FreeBytes(string folder)
    {
        string existing = folder;
        while (!Directory.Exists(existing) && Path.GetDirectoryName(existing) is { } parent)
            existing = parent;
        return new DriveInfo(existing).AvailableFreeSpace;
    }

    /// <summary>Refuses what does not fit before any of it is fetched.</summary>
    /// <exception cref="HubException">It does not.</exception>
    public static void CheckSpace(ModelName model, long needed, string folder, long free)
    {
        if (needed > free)
        {
            throw new HubException($"{model} needs {HubText.Bytes(needed)} more on disk, and {folder} has {HubText.Bytes(free)} free. "
                + "Free some, or set HF_HOME to a folder on a larger disk.");
        }
    }

    /// <summary>What a failed write means.</summary>
    public static HubException Of(Exception exception, string folder) => IsFull(exception)
        ? new HubException($"The disk of {folder} is full. What was fetched is kept: free some space and start again, or set HF_HOME to a folder on a larger disk.")
        : new HubException($"{folder} cannot be written: {exception.Message} Set HF_HOME (or HF_HUB_CACHE) to a folder that this user may write.");

    /// <summary>ENOSPC and EDQUOT; on Windows ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL.</summary>
    private static bool IsFull(Exception exception) => exception is IOException && (exception.HResult & 0xffff) is 28 or 122 or 0x70 or 0x27;
}
