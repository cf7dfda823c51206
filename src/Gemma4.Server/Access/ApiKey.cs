using System.Security.Cryptography;
using System.Text;
using Gemma4.Server.Limits;

namespace Gemma4.Server.Access;

/// <summary>A key that lets requests in. The key itself is forgotten once it is hashed.</summary>
/// <param name="Name">What logs, metrics and errors call it.</param>
/// <param name="Hash">SHA-256 of the key's bytes in UTF-8.</param>
/// <param name="Limits">What its holder may take.</param>
internal sealed record ApiKey(string Name, byte[] Hash, KeyLimits Limits)
{
    /// <summary>Hexadecimal digits of a hash.</summary>
    public const int HashDigits = 2 * SHA256.HashSizeInBytes;

    private const int MaxLength = 512, MaxNameLength = 64, DigitsOfName = 8;

    /// <summary>The hash, which tells keys apart without giving them away.</summary>
    public string Id { get; } = Convert.ToHexStringLower(Hash);

    /// <summary>A key that was given no name: it is called by the beginning of its hash.</summary>
    public static ApiKey Unnamed(string key)
    {
        byte[] hash = HashOf(key);
        return new ApiKey($"key-{Convert.ToHexStringLower(hash)[..DigitsOfName]}", hash, KeyLimits.None);
    }

    /// <summary>The hash of a key.</summary>
    public static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <summary>Whether a header can carry it.</summary>
    public static bool IsKey(string key) => key.Length is > 0 and <= MaxLength && key.All(c => c is > ' ' and < '\x7f');

    /// <summary>Whether a key may be called so: names stand in logs, metrics and messages.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= MaxNameLength && name[0] != '.' && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '@');

    /// <summary>What a key must be, for messages.</summary>
    public static string KeyRule => $"1 to {MaxLength} printable ASCII characters without spaces";

    /// <summary>What a name must be, for messages.</summary>
    public static string NameRule => $"1 to {MaxNameLength} letters, digits and the characters . _ - @, and does not begin with a dot";
}
