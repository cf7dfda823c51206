using System.Text.Json.Nodes;
using Gemma4.Verification;
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

    [Theory]
    [InlineData("reasoning", "reasoning_content")]
    [InlineData("reasoning_content", "reasoning")]
    [InlineData("reasoning", "reasoning")]
    [InlineData("reasoning_content", "reasoning_content")]
    public void A_thought_under_either_name_is_shown_by_templates_that_read_the_other(string given, string read)
    {
        (int exit, string told) = Verify(Thought(given), "{% for m in messages %}{% if m." + read + " %}[{{ m." + read + " }}]{% endif %}{{ m.content }}{% endfor %}");
        Assert.True(exit == 0, told);
    }

    [Fact]
    public void A_thought_that_the_template_leaves_out_is_a_difference()
    {
        (int exit, string told) = Verify(Thought("reasoning"), "{% for m in messages %}{{ m.content }}{% endfor %}");
        Assert.Equal(1, exit);
        Assert.Contains("FAIL t.jinja thought: differs at character 0", told, StringComparison.Ordinal);
    }

    [Fact]
    public void Published_templates_show_a_thought_given_as_reasoning()
    {
        JsonNode golden = JsonNode.Parse(File.ReadAllText(Golden))!;
        JsonNode[] messages = [.. golden["conversations"]!["chain"]!["messages"]!.AsArray().Where(m => m!["reasoning_content"] is not null)!];
        Assert.Equal(2, messages.Length);
        foreach (JsonObject message in messages.Cast<JsonObject>())
        {
            message["reasoning"] = message["reasoning_content"]!.GetValue<string>();
            message.Remove("reasoning_content");
        }
        string file = Path.Combine(Directory.CreateTempSubdirectory().FullName, "chat.json");
        File.WriteAllText(file, golden.ToJsonString());
        var output = new StringWriter();
        int exit = TemplateVerifier.Run([file, RepositoryPaths.RequireShared("reference/chat_templates")], output);
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        Assert.True(exit == 0, string.Join('\n', output.ToString().Split('\n').Where(line => line.StartsWith("FAIL", StringComparison.Ordinal)).Take(20)));
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

    private static string Thought(string field) => """
        {"conversations": {"thought": {"messages": [{"role": "assistant", "content": "b", "FIELD": "why"}], "add_generation_prompt": false}},
         "rendered": [{"template": "t.jinja", "cases": {"thought": {"text": "[why]b"}}}]}
        """.Replace("FIELD", field, StringComparison.Ordinal);

    private static (int Exit, string Told) Verify(string cases, string template)
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        string file = Path.Combine(folder, "chat.json");
        File.WriteAllText(file, cases);
        File.WriteAllText(Path.Combine(folder, "t.jinja"), template);
        var output = new StringWriter();
        int exit = TemplateVerifier.Run([file, folder], output);
        Directory.Delete(folder, recursive: true);
        return (exit, output.ToString());
    }
}
