using Gemma4.Engine.Verification;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Verification;

public sealed class TemplateVerifierTests
{
    private static string Golden => Path.Combine(RepositoryPaths.Fixtures, "golden", "chat.json");

    [Fact]
    public void Every_published_template_renders_as_the_reference_does()
    {
        string templates = RepositoryPaths.RequireShared("reference/chat_templates");
        var output = new StringWriter();
        int exit = TemplateVerifier.Run([Golden, templates], output);
        Assert.True(exit == 0, string.Join('\n', output.ToString().Split('\n').Where(line => line.StartsWith("FAIL", StringComparison.Ordinal)).Take(20)));
        Assert.EndsWith("658 of 658 cases hold\n", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_that_writes_one_character_more_fails()
    {
        string file = "official-v5-2026-07-15-large.jinja";
        string source = File.ReadAllText(RepositoryPaths.RequireShared("reference/chat_templates/" + file));
        string folder = Directory.CreateTempSubdirectory().FullName;
        foreach (string template in Directory.GetFiles(RepositoryPaths.RequireShared("reference/chat_templates")))
            File.Copy(template, Path.Combine(folder, Path.GetFileName(template)));
        File.SetAttributes(Path.Combine(folder, file), FileAttributes.Normal);
        File.WriteAllText(Path.Combine(folder, file), source + "{{ '.' }}");
        var output = new StringWriter();
        Assert.Equal(1, TemplateVerifier.Run([Golden, folder], output));
        Assert.Contains($"FAIL {file} one: differs at character ", output.ToString(), StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        var output = new StringWriter();
        Assert.Equal(2, TemplateVerifier.Run(["no-such.json", "."], output));
        Assert.Contains("no-such.json", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_arguments_show_the_usage()
    {
        var output = new StringWriter();
        Assert.Equal(2, TemplateVerifier.Run([], output));
        Assert.StartsWith("usage: verify templates", output.ToString(), StringComparison.Ordinal);
    }
}
