namespace Gemma4.Server.Wire;

/// <summary>A body with a field that is taken in a form in which it is of no use; the log says so.</summary>
internal interface IIgnoresFields
{
    /// <summary>The field and why it is ignored; null where nothing is.</summary>
    (string Field, string Reason)? Ignored { get; }
}
