namespace Gemma4.Server.Access;

/// <summary>Who sends a request: the holder of a key, or anyone where the server asks for none.</summary>
/// <param name="Id">Tells keys apart without giving them away.</param>
internal sealed record Caller(string Id)
{
    private static readonly Caller Anyone = new("");

    /// <summary>The sender of this request.</summary>
    public static Caller Of(HttpContext context) => context.Features.Get<Caller>() ?? Anyone;
}

/// <summary>Marks a request that this server sends itself for a caller, as a line of a batch, and takes the place of the key. Nothing that comes over the network can set it.</summary>
/// <param name="Caller">Whose batch it is.</param>
internal sealed record BatchSender(Caller Caller);
