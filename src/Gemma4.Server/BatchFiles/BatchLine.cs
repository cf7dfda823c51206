namespace Gemma4.Server.BatchFiles;

/// <summary>One request of a file of requests; its body stays in the file until it is sent.</summary>
/// <param name="CustomId">What its answer is found by.</param>
/// <param name="Url">Path of the API.</param>
/// <param name="Offset">Where the line begins in the file.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Order">What its prompt begins with: lines whose prompts begin alike are sent one after the other, so that the prefix cache serves them.</param>
internal sealed record BatchLine(string CustomId, string Url, long Offset, int Length, string Order);
