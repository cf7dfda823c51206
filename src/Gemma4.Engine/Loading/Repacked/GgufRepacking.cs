using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Loading.Gguf;

namespace Gemma4.Engine.Loading.Repacked;

/// <summary>A GGUF file with the keys, and the tensors that stay, of another or of several that belong together, and weights in panels.</summary>
/// <remarks>Panels are tensors with types of their own (<see cref="GgmlType"/>) under the names that GGUF files have for the weights. A tied embedding gets
/// an <c>output.weight</c> in panels beside it.</remarks>
internal sealed partial class GgufRepacking : Repacking
{
    private readonly GgufFile _model;
    private readonly GgufFile? _mmproj;
    private readonly ImmutableArray<Entry> _entries;
    private readonly byte[] _header;
    private readonly int _alignment;

    /// <param name="model">The model.</param>
    /// <param name="mmproj">Its towers; null where there are none.</param>
    /// <param name="plan">What goes into panels.</param>
    public GgufRepacking(GgufFile model, GgufFile? mmproj, RepackPlan plan)
    {
        (_model, _mmproj) = (model, mmproj);
        _alignment = Math.Max(model.Alignment, PanelSlice.Alignment);
        IEnumerable<Entry> panels = plan.Panels.Select(p => new Entry(
            GgufNames.Find(p.Name) ?? throw new CheckpointException(model.Path, $"{p.Name} has no name in GGUF files"),
            p.Shape, GgmlType.NumberOfPanels(p.Format), p.Length, null, p));
        IEnumerable<Entry> kept = model.Tensors.Where(t => !plan.Replaces(t.File, t.Offset, t.Length)).Select(t => new Entry(
            t.Name, t.Shape, t.InPanels ? GgmlType.NumberOfPanels(t.Format) : GgmlType.NumberOf(t.Format), t.Length, new FileSlice(t.File, t.Offset, t.Length), null));
        _entries = [.. panels, .. kept];
        _header = Header(model);
        Length = _header.Length + _entries.Sum(e => RoundUp(e.Length));
    }

    public override long Length { get; }

    public override long RestLength => (_mmproj?.Files ?? []).Sum(LengthOf);

    public override string Stem => NumberOfSplit().Replace(Path.GetFileNameWithoutExtension(_model.Path), "");

    public override string Extension => ".gguf";

    public override void Write(RepackWriter file)
    {
        file.Write(_header);
        long position = RoundUp(_header.Length);
        foreach (Entry entry in _entries)
        {
            file.PadTo(position);
            if (entry.Panels is { } panels)
                file.Pack(panels);
            else
                file.Copy(entry.Source!.Value);
            position += RoundUp(entry.Length);
        }
    }

    /// <summary>Towers are copied: their file is small, and where quantisation was asked for, their weights are in the model's file too.</summary>
    public override void WriteRest(string folder, string weights)
    {
        foreach (string file in _mmproj?.Files ?? [])
        {
            string name = Path.GetFileName(file);
            File.Copy(file, Path.Combine(folder, name.Contains(GgufFile.MmprojMark, StringComparison.OrdinalIgnoreCase) ? name : $"{GgufFile.MmprojMark}-{name}"));
        }
    }

    /// <summary>The number of a file that is one of several.</summary>
    [GeneratedRegex("-[0-9]{5}-of-[0-9]{5}$")]
    private static partial Regex NumberOfSplit();

    private long RoundUp(long bytes) => (bytes + _alignment - 1) / _alignment * _alignment;

    /// <summary>Magic, version, counts, keys and tensors, up to the first byte of data.</summary>
    private byte[] Header(GgufFile model)
    {
        KeyValuePair<string, GgufValue>[] keys = [.. model.Metadata.All.Where(key => !key.Key.StartsWith("split.", StringComparison.Ordinal) && key.Key != GgufHeader.AlignmentKey)];
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(GgufHeader.Magic);
        writer.Write(3u);
        writer.Write((ulong)_entries.Length);
        writer.Write((ulong)keys.Length + 1);
        WriteString(writer, GgufHeader.AlignmentKey);
        GgufValue.OfNumbers(GgufType.UInt32, isArray: false, BitConverter.GetBytes((uint)_alignment)).Write(writer);
        foreach ((string key, GgufValue value) in keys)
        {
            WriteString(writer, key);
            value.Write(writer);
        }
        long offset = 0;
        foreach (Entry entry in _entries)
        {
            WriteString(writer, entry.Name);
            writer.Write((uint)entry.Shape.Length);
            for (int i = entry.Shape.Length - 1; i >= 0; i--)
                writer.Write((ulong)entry.Shape[i]);
            writer.Write(entry.Type);
            writer.Write((ulong)offset);
            offset += RoundUp(entry.Length);
        }
        writer.Flush();
        bytes.SetLength(RoundUp(bytes.Length));
        return bytes.ToArray();
    }

    private static void WriteString(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    /// <summary>A tensor of the file: copied, or packed.</summary>
    private sealed record Entry(string Name, ImmutableArray<long> Shape, uint Type, long Length, FileSlice? Source, RepackedTensor? Panels);
}
