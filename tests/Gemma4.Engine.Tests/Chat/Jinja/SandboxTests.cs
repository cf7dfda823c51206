using System.Diagnostics;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Chat.Jinja.Values;
using Xunit;

namespace Gemma4.Engine.Tests.Chat.Jinja;

/// <summary>A hostile template ends in an error, soon and in little memory.</summary>
public sealed class SandboxTests
{
    private static readonly ChatTemplateLimits Small = new() { MaxSteps = 2_000_000, MaxCharacters = 4_000_000, MaxTextLength = 1_000_000 };

    public static TheoryData<string> Bombs() =>
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{{ 'x' * 1000 }}{% endfor %}",
        "{{ 'x' * 10 ** 12 }}",
        "{{ [0] * 10 ** 12 }}",
        "{{ 9 ** (9 ** 9) }}",
        "{{ 10 ** 99999 }}",
        "{% set ns = namespace(s='xxxxxxxxxx') %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}",
        "{% set ns = namespace(s=[]) %}{% for i in range(99999) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s }}",
        "{% set ns = namespace(s='x' * 99999) %}{% set ns.s = ns.s | replace('x', ns.s) %}",
        "{% set ns = namespace(s='x' * 999999) %}{% for i in range(99999) %}{% set q = ns.s ~ i %}{{ q == 'y' }}{{ q | length }}{{ q | upper | first }}{% endfor %}",
        "{% set ns = namespace(s='x' * 999999) %}{% for i in range(99999) %}{{ 'y' in ns.s }}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(n) %}{{ m(n) ~ m(n) }}{% endmacro %}{{ m(1) }}",
        "{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%.999999999f' % 1 }}",
        "{{ '{:>999999999}'.format(1) }}",
        "{{ 'x'.center(10 ** 10) }}",
        "{{ 'x' | indent(10 ** 10) }}",
        "{{ 'a\tb'.expandtabs(10 ** 10) }}",
        "{{ [1] | tojson(indent=10 ** 10) }}",
        "{{ [1] | batch(10 ** 10, 0) | list }}",
        "{{ [1] | slice(10 ** 10) | list }}",
        "{% for a in [[[[[[1]]]]]] recursive %}{{ loop([[1]] * 9) }}{% endfor %}",
    ];

    [Theory]
    [MemberData(nameof(Bombs))]
    public void Bomb_ends_in_a_limit(string source)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        var error = Assert.Throws<ChatTemplateException>(() => Render(source));
        Assert.Equal(ChatTemplateErrorKind.Limit, error.Kind);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2_000_000_000);
    }

    [Theory]
    [InlineData(50_000, "(", "1", ")")]
    [InlineData(50_000, "[", "1", "]")]
    [InlineData(50_000, "not ", "1", "")]
    [InlineData(50_000, "-", "1", "")]
    [InlineData(50_000, "1 + ", "1", "")]
    [InlineData(50_000, "1 if 1 else ", "1", "")]
    [InlineData(50_000, "", "d", ".x[0]")]
    public void Deep_expression_is_an_error_or_a_value_but_no_crash(int depth, string before, string middle, string after)
    {
        string source = "{{ " + string.Concat(Enumerable.Repeat(before, depth)) + middle + string.Concat(Enumerable.Repeat(after, depth)) + " }}";
        Exception? error = Record.Exception(() => Render(source));
        Assert.True(error is null or ChatTemplateException, error?.ToString());
    }

    [Fact]
    public void Deep_statements_are_an_error_but_no_crash()
    {
        string source = string.Concat(Enumerable.Repeat("{% if 1 %}", 50_000)) + string.Concat(Enumerable.Repeat("{% endif %}", 50_000));
        Assert.Throws<ChatTemplateException>(() => Render(source));
    }

    [Theory]
    [InlineData("{{ ''.__class__.__mro__ }}")]
    [InlineData("{{ ''['__class__'].x }}")]
    [InlineData("{{ {}.update({'a': 1}) }}")]
    [InlineData("{{ [].append(1) }}")]
    [InlineData("{{ {}.pop('a') }}")]
    [InlineData("{{ range.__globals__.x }}")]
    [InlineData("{{ '{0.__class__.x}'.format(1) }}")]
    public void Way_out_of_the_sandbox_is_forbidden(string source) =>
        Assert.Equal(ChatTemplateErrorKind.Forbidden, Assert.Throws<ChatTemplateException>(() => Render(source)).Kind);

    [Fact]
    public void Cancelled_rendering_stops()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        ChatTemplate template = ChatTemplate.Parse("{% for a in range(99999) %}{{ a }}{% endfor %}");
        Assert.Throws<OperationCanceledException>(() => template.Render(new TemplateInput([], null, false, false, []), cancelled.Token));
    }

    [Fact]
    public void Long_answer_built_by_appending_is_near_linear()
    {
        // The released templates strip thoughts so: one addition a piece. 200,000 pieces must not cost their square.
        string text = string.Concat(Enumerable.Repeat("ab<channel|>", 200_000));
        ChatTemplate template = ChatTemplate.Parse(
            "{% set ns = namespace(r='') %}{% for p in text.split('<channel|>') %}{% set ns.r = ns.r + p %}{% endfor %}{{ ns.r | trim | length }}");
        var watch = Stopwatch.StartNew();
        Text rendered = template.RenderNow(new TemplateInput([], null, false, false, [new("text", Text.Data(text))]));
        Assert.Equal("400000", rendered.Chars);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    private static Text Render(string source) =>
        ChatTemplate.Parse(source, Small).RenderNow(new TemplateInput([], null, false, false, []));
}
