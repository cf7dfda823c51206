namespace Gemma4.Server.Metrics;

/// <summary>Metadata of an endpoint whose requests generate.</summary>
/// <param name="operation">One of the constants.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class GeneratesAttribute(string operation) : Attribute
{
    /// <summary>A conversation is answered.</summary>
    public const string Chat = "chat";

    /// <summary>A text is continued.</summary>
    public const string Completion = "text_completion";

    /// <summary>Audio becomes text, which OpenTelemetry has no word of its own for.</summary>
    public const string Content = "generate_content";

    /// <summary>The value of <c>gen_ai.operation.name</c>.</summary>
    public string Operation => operation;
}
