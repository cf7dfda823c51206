using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Gemma4.Server.Page;

/// <summary>A static file of the page. It stands in the assembly.</summary>
/// <param name="Name">Its name, without a folder.</param>
/// <param name="ContentType">What it is sent as.</param>
/// <param name="Content">Its bytes.</param>
/// <param name="Tag">Changes with its bytes.</param>
internal sealed record PageFile(string Name, string ContentType, byte[] Content, EntityTagHeaderValue Tag)
{
    /// <summary>The page itself; all else is what it loads.</summary>
    public const string Index = "index.html";

    /// <summary>What resources' names begin with (see the project file).</summary>
    private const string Prefix = "page/";

    /// <summary>All files, in the order of their names.</summary>
    public static IReadOnlyList<PageFile> LoadAll()
    {
        Assembly assembly = typeof(PageFile).Assembly;
        return [.. assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).Select(name => Load(assembly, name))];
    }

    private static PageFile Load(Assembly assembly, string resource)
    {
        using Stream stream = assembly.GetManifestResourceStream(resource)!;
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        string name = resource[Prefix.Length..];
        string tag = Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 12));
        return new PageFile(name, TypeOf(name), content, new EntityTagHeaderValue($"\"{tag}\""));
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".css" => "text/css; charset=utf-8",
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        string other => throw new InvalidOperationException($"The page's file {name} is of no known type: say here how '{other}' is sent."),
    };
}
