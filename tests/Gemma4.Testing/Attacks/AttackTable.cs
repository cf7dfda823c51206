namespace Gemma4.Testing.Attacks;

/// <summary>All rows of the attack table.</summary>
internal static class AttackTable
{
    /// <summary>The rows; each has a name of its own.</summary>
    public static IReadOnlyList<Attack> Rows { get; } =
    [
        .. JsonAttacks.All, .. FieldAttacks.All, .. ToolAttacks.All, .. TextAttacks.All, .. MediaAttacks.All, .. FormAttacks.All, .. HttpAttacks.All, .. ConstraintAttacks.All,
    ];
}
