using Gemma4.Engine;
namespace Gemma4.Verification;

/// <summary>The words after <c>verify SUBJECT</c>: plain ones, and options that take a value each.</summary>
internal sealed class VerifyArguments
{
    private readonly List<string> _plain = [];
    private readonly Dictionary<string, string> _options = [];

    /// <summary>Sorts the words.</summary>
    /// <exception cref="ArgumentException">An option is unknown or lacks its value.</exception>
    public VerifyArguments(IReadOnlyList<string> args, params ReadOnlySpan<string> known)
    {
        for (int i = 0; i < args.Count; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
                _plain.Add(args[i]);
            else if (known.Contains(args[i]) && i + 1 < args.Count)
                _options[args[i]] = args[++i];
            else
                throw new ArgumentException($"{args[i]} is unknown or lacks its value");
        }
    }

    /// <summary>The option's value; null when it was not given.</summary>
    public string? this[string option] => _options.GetValueOrDefault(option);

    /// <summary>The only plain word.</summary>
    /// <exception cref="ArgumentException">There is none, or more than one.</exception>
    public string Single() => _plain.Count == 1 ? _plain[0] : throw new ArgumentException("one file is expected");
}
