using Gemma4.Engine.Chat.Jinja.Nodes;
using Gemma4.Engine.Chat.Jinja.Syntax;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja;

/// <summary>A template, read once and rendered any number of times, from any thread.</summary>
internal sealed class JinjaTemplate
{
    private readonly Block _body;

    private JinjaTemplate(Block body) => _body = body;

    /// <exception cref="ChatTemplateException">The text is not a template.</exception>
    public static JinjaTemplate Parse(string source) => new(TemplateParser.Parse(source));

    /// <summary>Renders the template.</summary>
    /// <param name="variables">Makes what it may speak of.</param>
    /// <param name="finish">Makes the result of what it wrote.</param>
    /// <param name="limits">What it may cost.</param>
    /// <param name="clock">The time <c>strftime_now</c> tells.</param>
    /// <param name="cancellationToken">Ends the rendering early.</param>
    /// <exception cref="ChatTemplateException">The template fails or refuses.</exception>
    public Text Render(
        Func<RenderBudget, IEnumerable<KeyValuePair<string, Value>>> variables,
        Func<Text, RenderBudget, Text> finish,
        ChatTemplateLimits limits,
        TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var context = new RenderContext(new RenderBudget(limits, cancellationToken), clock);
        try
        {
            var globals = new Frame(context, null);
            foreach ((string name, Value value) in Builtins.Globals.All)
                globals.Assign(name, value);
            foreach ((string name, Value value) in variables(context.Budget))
                globals.Assign(name, value);
            return finish(_body.Capture(globals.Nested()), context.Budget);
        }
        catch (Fault fault)
        {
            throw new ChatTemplateException(fault.Kind, fault.Message, context.Line, fault);
        }
    }
}
