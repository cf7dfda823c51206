using System.Text;
using System.Text.Json.Nodes;
using Gemma4.Engine.Loading;
using Xunit;

namespace Gemma4.Engine.Tests.Loading;

/// <summary>The per-layer table of the released E2B, 4.7 GB, as a sparse file: what opening it and looking rows up costs.</summary>
/// <remarks>Alone, because it measures the memory of the process.</remarks>
[Collection("alone")]
public sealed class SparseCheckpointTests
{
    [Fact]
    public void Table_of_4_7_GB_is_never_resident()
    {
        const int Rows = 262_144, Width = 35 * 256, Lookups = 2000;
        string file = Path.Combine(Path.GetTempPath(), $"gemma4-sparse-{Guid.NewGuid():N}.safetensors");
        try
        {
            long bytes = (long)Rows * Width * 2;
            var header = new JsonObject
            {
                ["table"] = new JsonObject { ["dtype"] = "BF16", ["shape"] = new JsonArray(Rows, Width), ["data_offsets"] = new JsonArray(0, bytes) },
            };
            byte[] json = Encoding.UTF8.GetBytes(header.ToJsonString());
            using (FileStream stream = File.Create(file))
            {
                stream.Write(BitConverter.GetBytes((long)json.Length));
                stream.Write(json);
                stream.SetLength(8 + json.Length + bytes);
                stream.Position = 8 + json.Length + ((long)Rows - 1) * Width * 2;
                stream.Write([0x80, 0x3f]);      // 1.0, the first element of the last row
            }
            StoredTensor stored = Assert.Single(SafetensorsHeader.Read(file));
            long before = ResidentBytes();
            using var table = new FileRows(stored);
            var random = new Random(1);
            byte[] row = new byte[table.RowBytes];
            for (int i = 0; i < Lookups; i++)
                table.Read(random.Next(Rows), row);
            table.Read(Rows - 1, row);
            Assert.Equal([0x80, 0x3f, 0, 0], row[..4]);
            long cost = ResidentBytes() - before;
            Assert.True(cost < 200_000_000, $"{Lookups} rows of {stored.Length} bytes cost {cost} resident bytes");
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static long ResidentBytes()
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
