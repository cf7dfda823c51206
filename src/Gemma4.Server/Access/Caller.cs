namespace Gemma4.Server.Access;

/// <summary>Who sends a request: the holder of a key, or anyone where the server asks for none.</summary>
/// <param name="Id">Tells keys apart without giving them away.</param>
internal sealed record Caller(string Id)
{
    private static readonly Caller Anyone = new("");

    /// <summary>The sender of this request.</summary>
    public static Caller Of(HttpContext context) => context.Features.Get<Caller>() ?? Anyone;
}
