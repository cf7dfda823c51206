using System.Diagnostics;
using System.Text.Json;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Chat.Jinja.Values;
using Xunit;

namespace Gemma4.Engine.Tests.Chat.Jinja;

/// <summary>Templates that want too much of anything end in an error, at once and in little memory.</summary>
public sealed class HostileTemplateTests
{
    private const long MaxBytes = 64 << 20;

    private static readonly ChatTemplateLimits Limits = new() { MaxSteps = 150_000, MaxCharacters = 1_200_000, MaxTextLength = 500_000 };

    /// <summary>What is done again and again for as long as it may.</summary>
    /// <remarks><c>long</c> is a text of 100,000 characters, <c>wide</c> a list of 20,000 numbers, <c>deep</c> and <c>twice</c> tuples within
    /// tuples, <c>big</c> a number of 95,000 bits.</remarks>
    public static TheoryData<string> Repeated() =>
    [
        // Texts that are compared, searched and hashed.
        "{{ long == long2 }}",
        "{{ long < long2 }}",
        "{{ long in [long2] }}",
        "{{ 'ab' in long }}",
        "{{ d[long] }}",
        "{{ d.get(long) }}",
        "{{ long in d }}",
        "{{ {long: 1} }}",
        "{{ long.find(half ~ 'b') }}",
        "{{ long.rfind('b' ~ half) }}",
        "{{ long.count(half ~ 'b') }}",
        "{{ long.replace(half ~ 'b', '') is none }}",
        "{{ long.split(half ~ 'b') is none }}",
        "{{ long.rsplit(half ~ 'b', 1) is none }}",
        "{{ long.partition(half ~ 'b') is none }}",
        "{{ long.strip('b' * 50000 ~ 'a') }}",
        "{{ long.startswith(prefixes) }}",
        "{{ long.isprintable() }}",
        "{{ long.istitle() }}",
        "{{ long is lower }}",
        "{{ long | wordcount }}",
        "{{ long | striptags }}",
        "{{ ('<' * 100000) | striptags }}",
        "{{ long | upper | first }}",
        "{{ long | urlencode }}",
        "{{ long | int }}",
        "{{ long | float }}",
        "{{ (digits | int) is odd }}",
        "{{ ('=' * 50000) | forceescape | length }}",
        "{{ long | truncate(10) }}",
        "{{ long | reverse | length }}",
        "{{ long | list | length }}",
        "{{ long.split() | length }}",
        "{{ spaces.split(' ') | length }}",
        "{{ lines.splitlines() | length }}",
        "{{ ('%' ~ '0' * 100000 ~ 'd') % 1 }}",
        "{{ ('{0' ~ '.real' * 10000 ~ '}').format(1) }}",
        "{{ '{a}'.format(**kwargs) }}",
        "{{ strftime_now('%c' * 50000) | length }}",
        // Numbers.
        "{{ (big // half_big) is odd }}",
        "{{ (big % half_big) is odd }}",
        "{{ big is divisibleby(half_big) }}",
        "{{ (big * 3) is odd }}",
        "{{ big == big + 1 }}",
        "{{ '%x' % big }}",
        "{{ '{:b}'.format(big) }}",
        "{{ '{:_o}'.format(big) }}",
        "{{ 5 | round(-10000) }}",
        "{{ 1.5 | round(400) }}",
        "{{ '%.1000f' % 1.5 }}",
        // Lists.
        "{{ wide == wide2 }}",
        "{{ wide < wide2 }}",
        "{{ 'x' in wide }}",
        "{{ wide.index(19999) }}",
        "{{ wide.count('x') }}",
        "{{ wide[::-1] is none }}",
        "{{ wide | list | length }}",
        "{{ wide | sort | length }}",
        "{{ wide | unique | list | length }}",
        "{{ ([nan] * 20000) | unique | list | length }}",
        "{{ wide | groupby('real') | length }}",
        "{{ wide | batch(1) | list | length }}",
        "{{ [1] | slice(20000) | list | length }}",
        "{{ wide | sum }}",
        "{{ wide | max }}",
        "{{ wide | join }}",
        "{{ wide | map('map', 'abs') | list | length }}",
        "{{ [1, 2] | map(*(['map'] * 20000)) | list | length }}",
        "{{ wide | tojson }}",
        "{{ wide | string }}",
        "{{ dict(pairs) | length }}",
        "{{ wide | select('in', wide2) | list | length }}",
        // Values within values.
        "{{ twice == twice2 }}",
        "{{ twice < twice2 }}",
        "{{ twice in [twice2] }}",
        "{{ {twice: 1} }}",
        "{{ d[twice] }}",
        "{{ [twice, twice2] | unique | list }}",
        "{{ [twice, twice2] | groupby(0) }}",
        "{{ twice | string }}",
        "{{ twice | tojson }}",
        "{{ '%r' % (twice,) }}",
        "{{ twice | pprint }}",
    ];

    private const string Before = """
        {%- set long = 'a' * 100000 -%} {%- set long2 = 'a' * 99999 ~ 'b' -%} {%- set half = 'a' * 50000 -%}
        {%- set spaces = 'a ' * 9000 -%} {%- set lines = '\n' * 9000 -%} {%- set digits = '9' * 4300 -%} {%- set nan = 'nan' | float -%}
        {%- set wide = range(20000) | list -%} {%- set wide2 = wide + [1] -%} {%- set prefixes = ('b', 'c') -%} {%- set d = {'a': 1} -%}
        {%- set big = 3 ** 60000 -%} {%- set half_big = 3 ** 30000 + 1 -%} {%- set pairs = [('a', 1)] * 9000 -%} {%- set kwargs = {'a': 1} -%}
        {%- set deep = namespace(a=(1,), b=(1,)) -%}
        {%- for i in range(100) -%} {%- set deep.a = (deep.a, deep.a) -%} {%- set deep.b = (deep.b, deep.b) -%} {%- endfor -%}
        {%- set twice = deep.a -%} {%- set twice2 = deep.b -%}
        """;

    [Theory]
    [MemberData(nameof(Repeated))]
    public void What_costs_much_counts_as_much(string statement) =>
        EndsSoon(Before + "{% for i in range(999) recursive %}" + statement + "{% if loop.last %}{{ loop(range(999)) }}{% endif %}{% endfor %}", ChatTemplateErrorKind.Limit);

    /// <summary>Templates that build something deeper than any stack.</summary>
    public static TheoryData<string> Deep()
    {
        var templates = new TheoryData<string>();
        foreach (string step in (string[])["[ns.x]", "(ns.x,)", "{'a': ns.x}", "{'a': ns.x}.items()", "ns.x | map('string')", "ns.x | select", "ns.x | batch(1)", "namespace(x=ns.x)"])
        {
            foreach (string use in (string[])
                ["ns.x | list", "ns.x | string", "ns.x | tojson", "ns.x == ns.y", "ns.x < ns.y", "ns.x in [ns.y]", "{ns.x: 1}", "[ns.x] | unique | list", "[ns.x, ns.y] | sort", "ns.x | first | first"])
            {
                templates.Add("{% set ns = namespace(x=[1], y=[1]) %}{% for i in range(8000) %}{% set ns.x = " + step + " %}{% endfor %}"
                    + "{% for i in range(8000) %}{% set ns.y = " + step.Replace("ns.x", "ns.y", StringComparison.Ordinal) + " %}{% endfor %}{{ " + use + " }}");
            }
        }
        return templates;
    }

    [Theory]
    [MemberData(nameof(Deep))]
    public void Deep_values_end_in_an_error_or_not_at_all(string template)
    {
        ChatTemplateLimits limits = new() { MaxSteps = 3_000_000, MaxCharacters = 32_000_000, MaxTextLength = 1_000_000 };
        Exception? error = null;
        var thread = new Thread(() => error = Record.Exception(() => Render(template, limits)), maxStackSize: 512 << 10);
        thread.Start();
        Assert.True(thread.Join(TimeSpan.FromSeconds(20)));
        Assert.True(error is null or ChatTemplateException, error?.ToString());
    }

    /// <summary>Templates that are nested deeper than any stack: what each level begins with, the middle, and what it ends with.</summary>
    public static TheoryData<string, string, string> Nested() => new()
    {
        { "{{ " + Times("("), "1", Times(")") + " }}" },
        { "{{ " + Times("["), "1", Times("]") + " }}" },
        { "{{ " + Times("{1: "), "1", Times("}") + " }}" },
        { "{{ " + Times("a["), "1", Times("]") + " }}" },
        { "{{ " + Times("a("), "1", Times(")") + " }}" },
        { "{{ " + Times("a(*"), "b", Times(")") + " }}" },
        { "{{ " + Times("a(b="), "1", Times(")") + " }}" },
        { "{{ " + Times("1 | d("), "1", Times(")") + " }}" },
        { "{{ " + Times("1 is eq("), "1", Times(")") + " }}" },
        { "{{ " + Times("1 is eq ["), "1", Times("]") + " }}" },
        { "{{ " + Times("not "), "1", " }}" },
        { "{{ " + Times("-"), "1", " }}" },
        { "{{ " + Times("+"), "1", " }}" },
        { "{{ " + Times("1 if 1 else "), "1", " }}" },
        { "{{ a[" + Times("1:a["), "", Times("]") + "] }}" },
        { "{% set " + Times("("), "a", Times(")") + " = 1 %}" },
        { "{% set " + Times("a, ("), "a", Times(")") + " = 1 %}" },
        { "{% for " + Times("("), "a", Times(")") + " in b %}{% endfor %}" },
        { Times("{% if 1 %}"), "", Times("{% endif %}") },
        { Times("{% if 1 %}{% else %}"), "", Times("{% endif %}") },
        { Times("{% for a in b %}"), "", Times("{% endfor %}") },
        { Times("{% set a %}"), "", Times("{% endset %}") },
        { Times("{% with %}"), "", Times("{% endwith %}") },
        { Times("{% filter upper %}"), "", Times("{% endfilter %}") },
        { Times("{% macro a() %}"), "", Times("{% endmacro %}") },
        { Times("{% call a() %}"), "", Times("{% endcall %}") },
        { Times("{% block a %}"), "", Times("{% endblock %}") },
        { Times("{% generation %}"), "", Times("{% endgeneration %}") },
    };

    [Theory]
    [MemberData(nameof(Nested))]
    public void Template_nested_too_deep_is_a_syntax_error(string before, string middle, string after) =>
        Assert.Contains("nested more than 400 deep", EndsSoon(before + middle + after, ChatTemplateErrorKind.Syntax).Message, StringComparison.Ordinal);

    /// <summary>Chains are read without going deeper, but evaluated from their end.</summary>
    [Theory]
    [InlineData("{{ 1", " + 1", " }}")]
    [InlineData("{{ 1", " and 1", " }}")]
    [InlineData("{{ 1", " or 0", " }}")]
    [InlineData("{{ 1", " ** 1", " }}")]
    [InlineData("{{ d", ".x", " }}")]
    [InlineData("{{ d", "[0]", " }}")]
    [InlineData("{{ d", "[:]", " }}")]
    [InlineData("{{ d", "()", " }}")]
    [InlineData("{{ d", " | string", " }}")]
    [InlineData("{{ 1", " if 1", " }}")]
    [InlineData("{{ 1", " if 0 else 1", " }}", true)]
    [InlineData("{{ 1", " ~ 1", " }}")]
    [InlineData("{{ 1", " < 2", " }}")]
    [InlineData("{{ 'a'", " 'a'", " }}")]
    [InlineData("{{ 1 | a", ".a", " }}")]
    [InlineData("{% if 0 %}", "{% elif 0 %}", "{% endif %}")]
    [InlineData("{{ {1: 1", ", 1: 1", "} }}")]
    [InlineData("{% macro a(a", ", a", ") %}{% endmacro %}")]
    [InlineData("{% set a", ", a", " = 1 %}")]
    [InlineData("{% filter upper", " | upper", " %}{% endfilter %}")]
    public void Long_chain_is_an_error_or_a_value(string before, string link, string after, bool isDeep = false)
    {
        var watch = Stopwatch.StartNew();
        Exception? error = Record.Exception(() => Render(before + Times(link) + after, Limits));
        Assert.True(error is ChatTemplateException || (error is null && !isDeep), error?.ToString());
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Numbers_chosen_to_collide_are_told_apart_at_once()
    {
        // Doubles of which the halves are equal but for a constant: their own hash is the same for all.
        Value[] numbers = [.. Enumerable.Range(0, 100_000).Select(i => new FloatValue(BitConverter.Int64BitsToDouble(((0x3FF00000L | (uint)i) << 32) | (uint)i)))];
        var watch = Stopwatch.StartNew();
        Text rendered = ChatTemplate.Parse("{{ numbers | unique | list | length }}").RenderNow(
            new TemplateInput([], null, false, false, [new("numbers", new ListValue(numbers))]));
        Assert.Equal("100000", rendered.Chars);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Json_of_a_request_is_converted_as_deep_as_it_can_be_read()
    {
        JsonElement deepest = JsonElement.Parse(new string('[', 64) + new string(']', 64));
        Assert.IsType<ListValue>(JsonValues.Convert(deepest));
        string deeper = new string('[', 100_000) + new string(']', 100_000);
        Assert.Equal(deeper, Assert.IsType<Text>(ToolArguments.Read(deeper).Find("arguments")).Chars);
    }

    private static ChatTemplateException EndsSoon(string template, ChatTemplateErrorKind kind)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        var error = Assert.Throws<ChatTemplateException>(() => Render(template, Limits));
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        TestContext.Current.SendDiagnosticMessage($"{watch.ElapsedMilliseconds,6} ms {allocated >> 10,8} KiB {error.Message}");
        Assert.Equal(kind, error.Kind);
        Assert.DoesNotContain("whole number", error.Message, StringComparison.Ordinal); // that would be the line before
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.InRange(allocated, 0, MaxBytes);
        return error;
    }

    private static string Times(string text) => string.Concat(Enumerable.Repeat(text, 50_000));

    private static Text Render(string source, ChatTemplateLimits limits) =>
        ChatTemplate.Parse(source, limits).RenderNow(new TemplateInput([], null, false, false, []));
}
