using Gemma4.Engine;
using Gemma4.Engine.Chat;

namespace Gemma4.Verification;

/// <summary>The newest template of each model family in a folder: the last by name of those that end in <c>-FAMILY.jinja</c>.</summary>
/// <param name="folder">Where the templates are.</param>
internal sealed class RenderTemplates(string folder)
{
    private readonly Dictionary<string, ChatRenderer> _renderers = [];

    /// <summary>A renderer of the family's template.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public ChatRenderer this[string family]
    {
        get
        {
            if (_renderers.TryGetValue(family, out ChatRenderer? renderer))
                return renderer;
            string pattern = $"official-*-{family}.jinja";
            string file = Directory.GetFiles(folder, pattern).Max(StringComparer.Ordinal)
                ?? throw new FileNotFoundException($"{folder} has no template {pattern}");
            return _renderers[family] = new ChatRenderer(ChatTemplate.Parse(File.ReadAllText(file)), TemplateVerifier.SpecialTokens);
        }
    }

    /// <summary>The folder <c>chat_templates</c> beside the case file's folder, or beside the file.</summary>
    /// <exception cref="DirectoryNotFoundException">There is none.</exception>
    public static RenderTemplates Near(string caseFile)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(caseFile))!;
        string[] places = [Path.Combine(folder, "..", "chat_templates"), Path.Combine(folder, "chat_templates")];
        return new RenderTemplates(places.FirstOrDefault(Directory.Exists)
            ?? throw new DirectoryNotFoundException($"no folder chat_templates near {caseFile}; give --templates"));
    }
}
