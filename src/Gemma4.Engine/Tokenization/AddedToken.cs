namespace Gemma4.Engine.Tokenization;

/// <summary>One of the file's <c>added_tokens</c>: found in texts as it stands, before any of them is cut.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its characters.</param>
/// <param name="SingleWord">Not found inside words.</param>
/// <param name="TakesLeft">Takes the white space before it (<c>lstrip</c>).</param>
/// <param name="TakesRight">Takes the white space after it (<c>rstrip</c>).</param>
/// <param name="Normalized">Found in the normalised text rather than the raw one.</param>
/// <param name="Special">Controls the model rather than being text.</param>
internal sealed record AddedToken(
    int Id, string Content, bool SingleWord, bool TakesLeft, bool TakesRight, bool Normalized, bool Special)
{
    public static AddedToken Read(JsonPart part) => new(
        part.Require("id").AsInt(),
        part.Require("content").AsString(),
        part["single_word"].AsBool(false),
        part["lstrip"].AsBool(false),
        part["rstrip"].AsBool(false),
        part["normalized"].AsBool(!part["special"].AsBool(false)),
        part["special"].AsBool(false));
}
