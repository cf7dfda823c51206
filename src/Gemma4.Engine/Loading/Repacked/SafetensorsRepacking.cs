using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Loading.Repacked;

/// <summary>A safetensors file with the tensors of a folder that stay, and weights in panels (<see cref="PanelTensors"/>).</summary>
internal sealed class SafetensorsRepacking : Repacking
{
    private readonly string _folder;
    private readonly RepackPlan _plan;
    private readonly ImmutableArray<Entry> _entries;
    private readonly byte[] _header;

    /// <param name="folder">The original.</param>
    /// <param name="index">Its tensors.</param>
    /// <param name="plan">What goes into panels.</param>
    public SafetensorsRepacking(string folder, CheckpointIndex index, RepackPlan plan)
    {
        (_folder, _plan) = (folder, plan);
        // Panels first: their lengths are multiples of a line, so that each begins with one, and the format allows no holes.
        IEnumerable<Entry> panels = plan.Panels.Select(p => new Entry(PanelTensors.NameOf(p.Name, p.Format), StoredDtype.U8, [p.Length], p.Length, null, p));
        IEnumerable<Entry> kept = index.Tensors.Where(t => !plan.Replaces(t.File, t.Offset, t.Length))
            .OrderByDescending(t => PanelTensors.WeightOf(t.Name) is not null).ThenByDescending(t => t.Dtype.Bytes).ThenBy(t => t.Name, StringComparer.Ordinal)
            .Select(t => new Entry(t.Name, t.Dtype, t.Shape, t.Length, new FileSlice(t.File, t.Offset, t.Length), null));
        _entries = [.. panels, .. kept];
        _header = Header();
        Length = _header.Length + _entries.Sum(e => e.Length);
    }

    public override long Length { get; }

    public override long RestLength => SmallFiles().Sum(LengthOf);

    public override string Stem => "model";

    public override string Extension => ".safetensors";

    public override void Write(RepackWriter file)
    {
        file.Write(_header);
        foreach (Entry entry in _entries)
        {
            if (entry.Panels is { } panels)
                file.Pack(panels);
            else
                file.Copy(entry.Source!.Value);
        }
    }

    /// <summary>The folder's own small files, and the index that names the file of weights.</summary>
    public override void WriteRest(string folder, string weights)
    {
        foreach (string file in SmallFiles())
        {
            string name = Path.GetFileName(file);
            if (name == Gemma4Config.FileName)
                WriteConfig(file, Path.Combine(folder, name));
            else if (name != CheckpointIndex.IndexFile)
                File.Copy(file, Path.Combine(folder, name));
        }
        using FileStream index = File.Create(Path.Combine(folder, CheckpointIndex.IndexFile));
        using var json = new Utf8JsonWriter(index, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteStartObject("metadata");
        json.WriteNumber("total_size", _entries.Sum(e => e.Length));
        json.WriteEndObject();
        json.WriteStartObject("weight_map");
        foreach (Entry entry in _entries)
            json.WriteString(entry.Name, weights);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private IEnumerable<string> SmallFiles() => Directory.EnumerateFiles(_folder).Where(f => Path.GetExtension(f) is ".json" or ".jinja" or ".txt" or ".md" or ".model");

    /// <summary>A head in panels is a weight of its own, though its numbers are the embedding's: the configuration says so.</summary>
    private void WriteConfig(string from, string to)
    {
        JsonNode config = JsonNode.Parse(File.ReadAllBytes(from)) ?? throw new CheckpointException(from, "is not a JSON object");
        if (_plan.Panels.Any(p => p.Name == RepackPlan.Head))
            config["tie_word_embeddings"] = false;
        File.WriteAllText(to, config.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }

    /// <summary>Length and JSON, with spaces behind it, so that data begins at a multiple of a line.</summary>
    private byte[] Header()
    {
        using var bytes = new MemoryStream();
        bytes.SetLength(sizeof(ulong));
        bytes.Position = sizeof(ulong);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            json.WriteEndObject();
            long offset = 0;
            foreach (Entry entry in _entries)
            {
                json.WriteStartObject(entry.Name);
                json.WriteString("dtype", entry.Dtype.ToString());
                json.WriteStartArray("shape");
                foreach (long dimension in entry.Shape)
                    json.WriteNumberValue(dimension);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += entry.Length);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (!PanelSlice.IsAligned(bytes.Length))
            bytes.Write(" "u8);
        byte[] header = bytes.ToArray();
        BitConverter.TryWriteBytes(header, (ulong)(header.Length - sizeof(ulong)));
        return header;
    }

    /// <summary>A tensor of the file: copied, or packed.</summary>
    private sealed record Entry(string Name, StoredDtype Dtype, ImmutableArray<long> Shape, long Length, FileSlice? Source, RepackedTensor? Panels);
}
