namespace Gemma4.Server.Wire;

/// <summary>A field of the API that this server cannot honour: refused when it is given, because ignoring it would lie.</summary>
/// <param name="reason">Ends the sentence "Unsupported parameter: 'x' …".</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class UnsupportedAttribute(string reason) : Attribute
{
    /// <summary>Why, and what to use instead.</summary>
    public string Reason { get; } = reason;

    /// <summary>The error's code.</summary>
    public string Code { get; init; } = "unsupported_parameter";

    /// <summary>The field that replaces it: giving both is a fault of its own.</summary>
    public string? ReplacedBy { get; init; }
}
