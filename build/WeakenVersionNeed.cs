using System;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>Copies a 64-bit little-endian ELF file and marks one needed symbol version as weak in the copy.</summary>
/// <remarks>Layout: ELF-64 gABI, section header table; GNU symbol versioning, Elf64_Verneed and Elf64_Vernaux.</remarks>
public sealed class WeakenVersionNeed : Task
{
    private const int ShtGnuVerneed = 0x6ffffffe;
    private const ushort VerFlgWeak = 2;

    [Required]
    public string Source { get; set; }

    [Required]
    public string Destination { get; set; }

    [Required]
    public string VersionName { get; set; }

    public override bool Execute()
    {
        byte[] elf = File.ReadAllBytes(Source);
        if (elf.Length < 64 || elf[0] != 0x7f || elf[1] != 'E' || elf[4] != 2 || elf[5] != 1)
        {
            Log.LogError("{0} is not a 64-bit little-endian ELF file.", Source);
            return false;
        }
        if (!Weaken(elf))
            Log.LogMessage(MessageImportance.Low, "{0} does not need {1}; copied as it is.", Source, VersionName);
        Directory.CreateDirectory(Path.GetDirectoryName(Destination));
        // Written beside and moved, so that parallel builds of several projects never see half a file.
        string temporary = Destination + "." + Guid.NewGuid().ToString("N");
        File.WriteAllBytes(temporary, elf);
        try
        {
            File.Move(temporary, Destination);
        }
        catch (IOException) when (File.Exists(Destination))
        {
            File.Delete(temporary);   // another project's build was faster
        }
        return true;
    }

    private bool Weaken(byte[] elf)
    {
        long sections = BitConverter.ToInt64(elf, 40);
        int sectionSize = BitConverter.ToUInt16(elf, 58), sectionCount = BitConverter.ToUInt16(elf, 60);
        for (int i = 0; i < sectionCount; i++)
        {
            int header = (int)sections + i * sectionSize;
            if (BitConverter.ToInt32(elf, header + 4) != ShtGnuVerneed)
                continue;
            long strings = BitConverter.ToInt64(elf, (int)sections + BitConverter.ToInt32(elf, header + 40) * sectionSize + 24);
            for (long need = BitConverter.ToInt64(elf, header + 24); ;)
            {
                long aux = need + BitConverter.ToUInt32(elf, (int)need + 8);          // vn_aux
                for (int left = BitConverter.ToUInt16(elf, (int)need + 2); left > 0; left--)   // vn_cnt
                {
                    if (NameAt(elf, strings + BitConverter.ToUInt32(elf, (int)aux + 8)) == VersionName)   // vna_name
                    {
                        ushort flags = (ushort)(BitConverter.ToUInt16(elf, (int)aux + 4) | VerFlgWeak);    // vna_flags
                        BitConverter.GetBytes(flags).CopyTo(elf, (int)aux + 4);
                        return true;
                    }
                    aux += BitConverter.ToUInt32(elf, (int)aux + 12);                  // vna_next
                }
                uint next = BitConverter.ToUInt32(elf, (int)need + 12);                // vn_next
                if (next == 0)
                    break;
                need += next;
            }
        }
        return false;
    }

    private static string NameAt(byte[] elf, long offset)
    {
        int end = Array.IndexOf(elf, (byte)0, (int)offset);
        return Encoding.ASCII.GetString(elf, (int)offset, end - (int)offset);
    }
}
