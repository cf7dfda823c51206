using System.Text.RegularExpressions;
using Gemma4.Server.Hub;
using Gemma4.Server.Settings;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Serving;

/// <summary>The ids under which the model is served.</summary>
internal sealed partial class ModelNames
{
    private const string Tag = ":latest";

    private readonly bool _takesAny;

    public ModelNames(IOptions<ModelOptions> options)
    {
        ModelOptions model = options.Value;
        _takesAny = model.AnyName;
        All = model.ServedNames.Length > 0 ? model.ServedNames
            : CheckpointFiles.TryFind(model.Path) is null && ModelName.TryParse(model.Path, model.Revision) is { } name ? NamesOf(name)
            : [NameOf(model.Path)];
    }

    /// <summary>All ids; the first is the one lists show first.</summary>
    public IReadOnlyList<string> All { get; }

    /// <summary>The id that is shown.</summary>
    public string Primary => All[0];

    /// <summary>All names that a request may give; null where it may give any.</summary>
    public IReadOnlyList<string>? Accepted => _takesAny ? null : [.. All, .. All.Select(id => id + Tag)];

    /// <summary>Whether a request may name the model so: by an id, with or without Ollama's tag; by anything, where the server is told so.</summary>
    public bool Serves(string id) => _takesAny
        || All.Contains(id, StringComparer.Ordinal)
        || (id.EndsWith(Tag, StringComparison.Ordinal) && All.Contains(id[..^Tag.Length], StringComparer.Ordinal));

    /// <summary>A model of the hub by the name that it was asked for by, and by its name without its organisation, as a folder would have it.</summary>
    private static string[] NamesOf(ModelName name) =>
        [.. new[] { name.ToString(), name.Repository, name.Repository[(name.Repository.IndexOf('/') + 1)..] }.Distinct(StringComparer.Ordinal)];

    /// <summary>The folder's name, or a GGUF file's without what says that it is one, or one of several; the demo model, whose folder is a role and not a
    /// name, has its own.</summary>
    private static string NameOf(string path)
    {
        string name = GgufEnd().Replace(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))), "");
        return name == "demo-model" ? "gemma-4-demo" : name;
    }

    [GeneratedRegex(@"(-[0-9]{5}-of-[0-9]{5})?\.gguf$", RegexOptions.IgnoreCase)]
    private static partial Regex GgufEnd();
}
