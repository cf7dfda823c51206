namespace Gemma4.Engine.Chat.Jinja;

/// <summary>What one rendering shares: its budget, its clock and the line it is at.</summary>
internal sealed class RenderContext(RenderBudget budget, TimeProvider clock)
{
    public RenderBudget Budget => budget;

    public TimeProvider Clock => clock;

    /// <summary>The template's line being evaluated, for errors.</summary>
    public int Line { get; set; } = 1;
}
