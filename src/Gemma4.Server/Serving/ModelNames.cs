using Gemma4.Server.Settings;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Serving;

/// <summary>The ids under which the model is served.</summary>
internal sealed class ModelNames
{
    private const string Tag = ":latest";

    private readonly bool _takesAny;

    public ModelNames(IOptions<ModelOptions> options)
    {
        ModelOptions model = options.Value;
        _takesAny = model.AnyName;
        All = model.ServedNames.Length > 0 ? model.ServedNames : [NameOf(model.Path)];
    }

    /// <summary>All ids; the first is the one lists show first.</summary>
    public IReadOnlyList<string> All { get; }

    /// <summary>The id that is shown.</summary>
    public string Primary => All[0];

    /// <summary>Whether a request may name the model so: by an id, with or without Ollama's tag; by anything, where the server is told so.</summary>
    public bool Serves(string id) => _takesAny
        || All.Contains(id, StringComparer.Ordinal)
        || (id.EndsWith(Tag, StringComparison.Ordinal) && All.Contains(id[..^Tag.Length], StringComparer.Ordinal));

    /// <summary>The folder's name; the demo model, whose folder is a role and not a name, has its own.</summary>
    private static string NameOf(string path)
    {
        string folder = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        return folder == "demo-model" ? "gemma-4-demo" : folder;
    }
}
