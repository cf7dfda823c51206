using System.Globalization;
using System.Text.RegularExpressions;

namespace Gemma4.Server.Hub;

/// <summary>Which of a repository's GGUF files is meant: one a quantisation, each perhaps cut into several.</summary>
internal static partial class GgufFiles
{
    private const string Extension = ".gguf", DefaultQuantization = "Q4_K_M", TowersMark = "mmproj";

    /// <summary>Longest list of choices in a message.</summary>
    private const int MaxChoices = 40;

    /// <summary>Towers as they are stored, the best first: they are small, and rounding them costs accuracy.</summary>
    private static readonly string[] TowerTypes = ["BF16", "F16", "F32"];

    /// <summary>Whether a file holds a model, or a part of one: neither towers nor the statistics that quantisation used.</summary>
    public static bool IsModel(HubFile file) => file.Name.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) && !IsTowers(file)
        && !file.Name.Contains("imatrix", StringComparison.OrdinalIgnoreCase);

    /// <summary>The models among files, each with all its parts in order.</summary>
    public static HubFile[][] Models(IEnumerable<HubFile> all) =>
        [.. all.Where(IsModel).GroupBy(Whole, StringComparer.Ordinal).Select(parts => parts.OrderBy(p => p.Path, StringComparer.Ordinal).ToArray())];

    /// <summary>Whether all parts of a model are there.</summary>
    public static bool IsWhole(HubFile[] parts) => parts.Length == NumParts(parts[0]);

    /// <summary>The quantisation that a file's name carries, as it may be written behind a model's name; null where it carries none.</summary>
    public static string? QuantizationOf(HubFile file) => Quantization().Matches(file.Name) is { Count: > 0 } found ? found[^1].Value : null;

    /// <summary>Chooses a model and its towers.</summary>
    /// <exception cref="HubException">None or several match, or parts of it are missing.</exception>
    public static ModelFiles Choose(ModelName model, IReadOnlyList<HubFile> all)
    {
        HubFile[] parts = OnlyModel(model, Models(all));
        if (!IsWhole(parts))
            throw new HubException($"{model.Repository} has {parts.Length} of the {NumParts(parts[0])} parts of {parts[0].Name}. Choose another quantisation, or ask who published it.");
        HubFile? towers = Towers(all, parts[0].Folder);
        return new ModelFiles(towers is null ? parts : [.. parts, towers], parts[0], towers);
    }

    private static HubFile[] OnlyModel(ModelName model, HubFile[][] models)
    {
        HubFile[][] found = Carrying(models, model.Quantization ?? DefaultQuantization);
        if (model.Quantization is null && found.Length == 0)
            found = models;
        if (found is [var one])
            return one;
        // Names differ by more than the quantisation: the one that has nothing before it is the plain one (Q4_K_M beside UD-Q4_K_M).
        if (found.Length > 1 && Array.FindAll(found, parts => !parts[0].Name.Contains("UD-", StringComparison.OrdinalIgnoreCase)) is [var plain])
            return plain;
        string choices = string.Join(", ", models.Take(MaxChoices).Select(parts => $"{parts[0].Path} ({HubText.Bytes(parts.Sum(p => p.Size))})"));
        string what = model.Quantization is null ? $"{models.Length} models in GGUF, none of them {DefaultQuantization}"
            : found.Length == 0 ? $"no GGUF file whose name carries '{model.Quantization}'" : $"{found.Length} GGUF files whose names carry '{model.Quantization}'";
        throw new HubException($"{model.Repository} has {what}. Name one by its quantisation, as in --model {model.Repository}:Q8_0. There are: {HubText.List(choices)}");
    }

    /// <summary>Models whose name, or whose folder's, has the quantisation as a word: Q4_K is not in Q4_K_M, and q4_0 is Q4_0.</summary>
    private static HubFile[][] Carrying(HubFile[][] models, string quantization)
    {
        var word = new Regex($"(?<![A-Za-z0-9]){Regex.Escape(quantization)}(?![A-Za-z0-9_])", RegexOptions.IgnoreCase, TimeSpan.FromSeconds(1));
        HubFile[][] byName = Array.FindAll(models, parts => word.IsMatch(parts[0].Name));
        return byName.Length > 0 ? byName : Array.FindAll(models, parts => word.IsMatch(parts[0].Folder));
    }

    private static HubFile? Towers(IEnumerable<HubFile> all, string folder) => all
        .Where(IsTowers)
        .OrderBy(file => file.Folder == folder ? 0 : file.Folder.Length == 0 ? 1 : 2)
        .ThenBy(file => Array.FindIndex(TowerTypes, type => Regex.IsMatch(file.Name, $"(?<![A-Za-z0-9]){type}(?![A-Za-z0-9_])", RegexOptions.IgnoreCase)) is >= 0 and int rank ? rank : TowerTypes.Length)
        .ThenBy(file => file.Path, StringComparer.Ordinal)
        .FirstOrDefault();

    private static bool IsTowers(HubFile file) => file.Name.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) && file.Name.Contains(TowersMark, StringComparison.OrdinalIgnoreCase);

    /// <summary>The path without what numbers a part.</summary>
    private static string Whole(HubFile file) => Part().Replace(file.Path, Extension);

    private static int NumParts(HubFile file) => Part().Match(file.Path) is { Success: true } part ? int.Parse(part.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : 1;

    /// <summary>What gguf-split appends.</summary>
    [GeneratedRegex(@"-[0-9]{5}-of-([0-9]{5})\.gguf\z", RegexOptions.IgnoreCase)]
    private static partial Regex Part();

    /// <summary>As llama.cpp's tools name them.</summary>
    [GeneratedRegex(@"(?<![A-Za-z0-9])(?:UD-)?(?:I?Q[0-9][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*|TQ[0-9]_[0-9]|MXFP4(?:_[A-Za-z0-9]+)*|BF16|F16|F32)(?![A-Za-z0-9_])", RegexOptions.IgnoreCase)]
    private static partial Regex Quantization();
}
