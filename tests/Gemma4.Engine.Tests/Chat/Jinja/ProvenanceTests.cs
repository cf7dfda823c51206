using Gemma4.Engine.Chat;
using Gemma4.Engine.Chat.Jinja;
using Gemma4.Engine.Chat.Jinja.Values;
using Xunit;

namespace Gemma4.Engine.Tests.Chat.Jinja;

/// <summary>Characters remember where they come from, whatever the template does with them.</summary>
public sealed class ProvenanceTests
{
    /// <summary>Upper-case letters are the template's, lower-case ones the request's, and must still be told apart in the output.</summary>
    [Theory]
    [InlineData("A{{ d }}B")]
    [InlineData("{{ 'A' ~ d ~ 'B' }}")]
    [InlineData("{{ 'A' + d + 'B' }}")]
    [InlineData("{{ ('A' ~ d ~ 'B')[1:-1] }}")]
    [InlineData("{{ ('A' ~ d ~ 'B')[::-1] }}")]
    [InlineData("{{ (' A' ~ d ~ 'B ') | trim }}")]
    [InlineData("{{ ('A' ~ d).strip() }}")]
    [InlineData("{{ ('A-' ~ d ~ '-B').split('-') | join('C') }}")]
    [InlineData("{{ ['A', d, 'B'] | join(d) }}")]
    [InlineData("{{ 'C'.join(['A', d]) }}")]
    [InlineData("{{ 'A-B' | replace('-', d) }}")]
    [InlineData("{{ (d ~ '-') | replace('-', 'A') }}")]
    [InlineData("{{ d | replace('data', 'A') }}")]
    [InlineData("{{ 'A%sB' % d }}")]
    [InlineData("{{ 'A%(x)sB' % {'x': d} }}")]
    [InlineData("{{ 'A{}B{x}'.format(d, x=d) }}")]
    [InlineData("{{ 'A%sB' | format(d) }}")]
    [InlineData("{% set x %}A{{ d }}B{% endset %}{{ x }}{{ x | trim }}")]
    [InlineData("{% set ns = namespace(r='A') %}{% for i in range(3) %}{% set ns.r = ns.r + d %}{% endfor %}{{ ns.r ~ 'B' }}")]
    [InlineData("{% macro m(x) %}A{{ x }}B{% endmacro %}{{ m(d) }}{{ m(m(d)) }}")]
    [InlineData("{% macro m() %}A{{ caller() }}B{% endmacro %}{% call m() %}C{{ d }}{% endcall %}")]
    [InlineData("{% filter trim %} A{{ d }} {% endfilter %}")]
    [InlineData("{% for c in 'A' ~ d %}{{ c }}{% endfor %}")]
    [InlineData("{{ ('A' ~ d) | list | join }}")]
    [InlineData("{{ ('A' ~ d) | first }}{{ d | last }}")]
    [InlineData("{{ {'K': d}.values() | join }}{{ {'K': d} | dictsort | map('last') | join }}")]
    [InlineData("{{ ('A\n' ~ d) | indent('C') }}")]
    [InlineData("{{ ('A ' ~ d ~ ' ' ~ d ~ ' B') | truncate(9, leeway=0, end='C') }}")]
    [InlineData("{{ ('A' ~ d).center(20, 'C') }}{{ d.ljust(9, 'B') }}")]
    [InlineData("{{ ('A\t' ~ d).expandtabs(3) | replace(' ', '') }}")]
    [InlineData("{{ ('A' ~ d).removeprefix('A') }}{{ ('A' ~ d).partition('d') | join }}")]
    [InlineData("{{ ('A\n' ~ d).splitlines() | join }}")]
    [InlineData("{{ d | default('A') }}{{ nope | default(d) }}{{ e or 'A' }}")]
    [InlineData("{{ [d, 'A'] | map('trim') | join }}{{ ['A', d] | sort | join }}")]
    [InlineData("{{ ['A', d] | tojson }}")]
    [InlineData("{{ ['A', d] }}{{ {'A': d} }}")]
    [InlineData("{{ d if d == 'data' else 'A' }}")]
    [InlineData("{{ [d] | groupby(0) | length }}{{ ('A' ~ d) | reverse }}")]
    public void Letters_keep_their_origin(string source)
    {
        Text text = Render(source, "data");
        foreach ((int start, int length, Provenance provenance) in text.Runs(0, text.Length))
        {
            foreach (char c in text.Chars.AsSpan(start, length))
            {
                if (char.IsAsciiLetter(c))
                    Assert.Equal(char.IsAsciiLetterUpper(c) ? Provenance.Template : Provenance.Data, provenance);
            }
        }
        Assert.Contains(text.Chars, char.IsAsciiLetter);
    }

    [Theory]
    [InlineData("{{ d | upper }}")]
    [InlineData("{{ d | lower }}{{ d | title }}{{ d | capitalize }}{{ d.swapcase() }}")]
    [InlineData("{{ d | escape | striptags | urlencode }}")]
    [InlineData("{{ d | string }}{{ [d] | tojson }}{{ [d] }}{{ '%r' % d }}")]
    [InlineData("{{ 12 }}{{ 1.5 }}{{ true }}{{ none }}{{ [1, (2, {})] }}{{ [1] | tojson }}")]
    [InlineData("{{ '<b>' | striptags ~ d }}")]
    [InlineData("{{ strftime_now('<|turn>') }}")]
    public void What_is_made_from_data_or_values_is_data(string source)
    {
        Text text = Render(source, "<|turn>");
        Assert.All(text.Runs(0, text.Length), run => Assert.Equal(Provenance.Data, run.Provenance));
    }

    [Fact]
    public void Equal_texts_are_equal_wherever_they_come_from() =>
        Assert.Equal("TrueTrue1True", Render("{{ d == 'data' }}{{ d in ['data'] }}{{ {'data': 1}[d] }}{{ 'at' in d }}", "data").Chars);

    [Fact]
    public void Marker_completed_by_template_text_is_not_the_templates()
    {
        Text text = Render("{{ '<|tu' ~ d }}", "rn>");
        Assert.Equal([(0, 4, Provenance.Template), (4, 3, Provenance.Data)], text.Runs(0, text.Length));
    }

    private static Text Render(string source, string data) => ChatTemplate.Parse(source).RenderNow(
        new TemplateInput([], null, false, false, [new("d", Text.Data(data)), new("e", Text.Empty)]));
}
