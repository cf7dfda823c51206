using System.Reflection;
using System.Text;
using System.Xml.Linq;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Hosting;

/// <summary>Summaries of types and properties as Markdown, from the documentation files that the compiler writes beside each assembly.</summary>
internal sealed class XmlSummaries
{
    private readonly Dictionary<Assembly, Dictionary<string, XElement>> _files = [];

    /// <summary>The summary of a type.</summary>
    /// <exception cref="OptionsException">Its assembly's documentation file is not beside the program, or does not have it.</exception>
    public string Of(Type type) => Render("T:" + type.FullName, type);

    /// <summary>The summary of a property.</summary>
    /// <exception cref="OptionsException">Its assembly's documentation file is not beside the program, or does not have it.</exception>
    public string Of(PropertyInfo property) => Render($"P:{property.DeclaringType!.FullName}.{property.Name}", property.DeclaringType);

    private string Render(string member, Type type)
    {
        if (!FileOf(type.Assembly).TryGetValue(member, out XElement? summary))
            throw new OptionsException($"{member} has no summary.");
        var text = new StringBuilder();
        foreach (XNode node in summary.Nodes())
        {
            text.Append(node switch
            {
                XText words => words.Value,
                XElement { Name.LocalName: "see" } see => Code(Referred(see)),
                XElement code => Code(code.Value),
                _ => "",
            });
        }
        return string.Join(' ', text.ToString().Split(default(char[]), StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>The member's own name, of whatever it is a member.</summary>
    private static string Referred(XElement see) => see.Attribute("langword")?.Value ?? see.Attribute("cref")!.Value.Split('.')[^1];

    private static string Code(string text) => $"`{text}`";

    private Dictionary<string, XElement> FileOf(Assembly assembly)
    {
        if (_files.TryGetValue(assembly, out Dictionary<string, XElement>? known))
            return known;
        string path = Path.Combine(AppContext.BaseDirectory, assembly.GetName().Name + ".xml");
        if (!File.Exists(path))
            throw new OptionsException($"{path} is not there: the reference is written by a build of the project, which has it beside the program.");
        return _files[assembly] = XDocument.Load(path).Descendants("member").Where(member => member.Element("summary") is not null)
            .ToDictionary(member => member.Attribute("name")!.Value, member => member.Element("summary")!);
    }
}
