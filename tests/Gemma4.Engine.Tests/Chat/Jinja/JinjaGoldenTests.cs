using System.Text.Json;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Chat.Jinja.Values;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Chat.Jinja;

/// <summary>Hundreds of small templates and what jinja2 makes of them (reference/make_jinja_goldens.py).</summary>
public sealed class JinjaGoldenTests
{
    private static readonly JsonDocument Golden =
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(RepositoryPaths.Fixtures, "golden", "jinja.json")));

    public static TheoryData<int> Cases() => [.. Enumerable.Range(0, Golden.RootElement.GetProperty("cases").GetArrayLength())];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Template_renders_as_in_jinja2(int index)
    {
        JsonElement golden = Golden.RootElement.GetProperty("cases")[index];
        string source = golden.GetProperty("template").GetString()!;
        string? text = null;
        ChatTemplateException? refusal = null;
        try
        {
            text = ChatTemplate.Parse(source).RenderNow(Input()).Chars;
        }
        catch (ChatTemplateException error)
        {
            refusal = error;
        }
        if (golden.TryGetProperty("error", out JsonElement cause))
        {
            Assert.True(refusal is not null, $"{source}\nrendered {text}\nwhere jinja2 refuses: {cause}");
            return;
        }
        Assert.True(refusal is null, $"{source}\n{refusal?.Message}\nwhere jinja2 renders: {golden.GetProperty("text")}");
        Assert.Equal(golden.GetProperty("text").GetString(), text);
    }

    private static TemplateInput Input()
    {
        IEnumerable<JsonProperty> context = Golden.RootElement.GetProperty("context").EnumerateObject();
        return new TemplateInput(
            [], null, AddGenerationPrompt: false, ContinueFinalMessage: false,
            [.. context.Select(p => new KeyValuePair<string, Value>(p.Name, JsonValues.Convert(p.Value)))]);
    }
}
