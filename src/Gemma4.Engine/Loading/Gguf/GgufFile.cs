using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Loading.Gguf;

/// <summary>A model in one GGUF file, or in several that llama.cpp's gguf-split made of one (<c>NAME-00001-of-00003.gguf</c>).</summary>
internal sealed partial class GgufFile
{
    /// <summary>What the names of files with towers contain, by which they are told from models (llama.cpp's tools name them so).</summary>
    public const string MmprojMark = "mmproj";

    private const string NumberKey = "split.no", CountKey = "split.count", TensorsKey = "split.tensors.count";
    private const int MaxFiles = 4096;

    private readonly Dictionary<string, GgufTensor> _tensors;

    private readonly List<string> _files;

    private GgufFile(GgufHeader header)
    {
        (Metadata, _files) = (header.Metadata, [header.Metadata.File]);
        _tensors = header.Tensors.ToDictionary(t => t.Name, StringComparer.Ordinal);
    }

    /// <summary>Keys and values: those of the first file, where all but the split's own are.</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>What offsets of tensors are multiples of.</summary>
    public int Alignment => GgufHeader.AlignmentOf(Metadata);

    /// <summary>The file that was opened, or the first of several.</summary>
    public string Path => Metadata.File;

    /// <summary>The file, or all of several in order.</summary>
    public IReadOnlyList<string> Files => _files;

    /// <summary>Every tensor.</summary>
    public IReadOnlyCollection<GgufTensor> Tensors => _tensors.Values;

    /// <summary>Finds a tensor; null where there is none.</summary>
    public GgufTensor? Find(string name) => _tensors.GetValueOrDefault(name);

    /// <summary>Reads the headers.</summary>
    /// <param name="path">The file, or any of several.</param>
    /// <exception cref="CheckpointException">A file is missing, cut off or malformed, or does not belong to the others.</exception>
    public static GgufFile Read(string path)
    {
        GgufHeader header = GgufHeader.Read(path);
        int count = header.Metadata.OptionalInt(CountKey, 0, MaxFiles) ?? 1;
        return count <= 1 ? new GgufFile(header) : ReadSplit(path, header, count);
    }

    /// <summary>Which of several files a name is that of, from 1; null where it is the name of a file alone.</summary>
    public static int? NumberOf(string path) => SplitName().Match(System.IO.Path.GetFileName(path)) is { Success: true } name ? Number(name.Groups[2]) : null;

    private static GgufFile ReadSplit(string path, GgufHeader opened, int count)
    {
        Match name = SplitName().Match(System.IO.Path.GetFileName(path));
        int number = name.Success ? Number(name.Groups[2]) : 0;
        if (number < 1 || number > count || Number(name.Groups[3]) != count)
            throw opened.Metadata.Refuse(CountKey, $"the file is one of {count}, so that its name should end in -00001-of-{count:00000}.gguf; under another name the others cannot be found");
        string folder = System.IO.Path.GetDirectoryName(path) ?? "";
        GgufFile? whole = null;
        for (int i = 0; i < count; i++)
        {
            string file = System.IO.Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{name.Groups[1].Value}-{i + 1:00000}-of-{count:00000}.gguf"));
            GgufHeader header = i == number - 1 ? opened : GgufHeader.Read(file);
            if (header.Metadata.Int(NumberKey, 0, MaxFiles) != i)
                throw header.Metadata.Refuse(NumberKey, $"expected {i}, as the file's name says, found {header.Metadata.Int(NumberKey, 0, MaxFiles)}");
            if (header.Metadata.Int(CountKey, 0, MaxFiles) != count)
                throw header.Metadata.Refuse(CountKey, $"expected {count}, as in {System.IO.Path.GetFileName(path)}: files of two models");
            if (whole is null)
                whole = new GgufFile(header);
            else
                whole.Add(header);
        }
        if (whole!.Metadata.OptionalInt(TensorsKey, 0, int.MaxValue) is { } tensors && tensors != whole._tensors.Count)
            throw whole.Metadata.Refuse(TensorsKey, $"found {tensors}, and the {count} files hold {whole._tensors.Count}: a file is missing, or of another model");
        return whole;
    }

    private void Add(GgufHeader header)
    {
        _files.Add(header.Metadata.File);
        foreach (GgufTensor tensor in header.Tensors)
        {
            if (!_tensors.TryAdd(tensor.Name, tensor))
                throw new CheckpointException(tensor.File, $"tensor {tensor.Name}: is in {System.IO.Path.GetFileName(_tensors[tensor.Name].File)} already");
        }
    }

    private static int Number(Group digits) => int.Parse(digits.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(.*)-([0-9]{5})-of-([0-9]{5})\.gguf$")]
    private static partial Regex SplitName();
}
