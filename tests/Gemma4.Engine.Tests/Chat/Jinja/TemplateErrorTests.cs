using Gemma4.Engine.Chat;
using Xunit;

namespace Gemma4.Engine.Tests.Chat.Jinja;

/// <summary>Errors say where and why.</summary>
public sealed class TemplateErrorTests
{
    [Theory]
    [InlineData("a\nb\n{% if x %}", 3, "Unexpected end of template. Looking for 'elif' or 'else' or 'endif'.")]
    [InlineData("a\n{% wibble %}", 2, "Encountered unknown tag 'wibble'.")]
    [InlineData("a\n\n{{ 1 + }}", 3, "unexpected 'end of print statement'")]
    [InlineData("{#\n\n#}\n{{ 'x | y }}", 4, "unexpected char '''")]
    [InlineData("{{ x | nope }}", 1, "No filter named 'nope'.")]
    [InlineData("\n{{ x is nope }}", 2, "No test named 'nope'.")]
    [InlineData("{{ (1] }}", 1, "unexpected ']', expected ')'")]
    [InlineData("{% include 'x' %}", 1, "'include' is not available: a chat template is one file")]
    [InlineData("\n{% raw %}", 2, "Missing end of raw directive")]
    public void Syntax_error_names_line_and_cause(string source, int line, string cause)
    {
        var error = Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(source));
        Assert.Equal((ChatTemplateErrorKind.Syntax, line, cause), (error.Kind, error.Line, error.Cause));
        Assert.Equal($"chat template, line {line}: {cause}", error.Message);
    }

    [Theory]
    [InlineData("a\n{{ nope.x }}", 2, ChatTemplateErrorKind.Undefined, "'nope' is undefined")]
    [InlineData("{% set a = 'b' %}\n\n{{ a.get('x') }}", 3, ChatTemplateErrorKind.Undefined, "'str object' has no attribute 'get'")]
    [InlineData("{% set l = [1] %}{{\nl[5].x }}", 2, ChatTemplateErrorKind.Undefined, "list object has no element 5")]
    [InlineData("\n{{ 'a' + 1 }}", 2, ChatTemplateErrorKind.Value, "can only concatenate str (not \"int\") to str")]
    [InlineData("\n\n{{ 1 < 'a' }}", 3, ChatTemplateErrorKind.Value, "'<' not supported between instances of 'int' and 'str'")]
    [InlineData("{% for x in 5 %}{% endfor %}", 1, ChatTemplateErrorKind.Value, "'int' object is not iterable")]
    [InlineData("{% if true %}\n{{ raise_exception('roles must alternate') }}\n{% endif %}", 2, ChatTemplateErrorKind.Raised, "roles must alternate")]
    [InlineData("{% macro m() %}\n{{ 1 / 0 }}\n{% endmacro %}\n\n{{ m() }}", 2, ChatTemplateErrorKind.Value, "division by zero")]
    [InlineData("{% macro m() %}\n\n{% endmacro %}\n{{ m() ~ (1 / 0) }}", 4, ChatTemplateErrorKind.Value, "division by zero")]
    public void Runtime_error_names_line_kind_and_cause(string source, int line, ChatTemplateErrorKind kind, string cause)
    {
        ChatTemplate template = ChatTemplate.Parse(source);
        var error = Assert.Throws<ChatTemplateException>(() => template.RenderNow(new TemplateInput([], null, false, false, [])));
        Assert.Equal((kind, line, cause), (error.Kind, error.Line, error.Cause));
    }
}
