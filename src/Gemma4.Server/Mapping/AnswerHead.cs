using System.Security.Cryptography;

namespace Gemma4.Server.Mapping;

/// <summary>What all parts of one answer share.</summary>
/// <param name="Id">The answer's id.</param>
/// <param name="Created">Seconds since 1970.</param>
/// <param name="Model">The model as the request named it.</param>
/// <param name="Fingerprint">Names build and weights.</param>
internal sealed record AnswerHead(string Id, long Created, string Model, string Fingerprint)
{
    /// <summary>A fresh id: the prefix and 24 letters or digits.</summary>
    public static string NewId(string prefix) =>
        prefix + RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 24);
}
