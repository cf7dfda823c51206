using System.Text;

namespace Gemma4.Engine.Tokenization;

/// <summary>
/// Joins runs of byte tokens (<c>&lt;0xE2&gt;</c>) to characters (<c>ByteFallback</c>). A run that is not valid UTF-8 as a whole becomes
/// one U+FFFD a byte, all of it, as in the reference; so no character of a run is known before the run ends.
/// </summary>
internal sealed class ByteFallbackStep : DecoderStep
{
    private const int ByteTokenLength = 6;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<byte> _run = [];
    private readonly StringBuilder _token = new();
    private bool _passing;   // the current token is longer than a byte token: its fragments go straight through

    /// <summary>The byte that a token stands for.</summary>
    public static bool TryParse(ReadOnlySpan<char> token, out byte value)
    {
        value = 0;
        return token.Length == ByteTokenLength && token.StartsWith("<0x") && token[^1] == '>'
            && byte.TryParse(token[3..5], System.Globalization.NumberStyles.AllowHexSpecifier, null, out value);
    }

    public override void Text(ReadOnlySpan<char> fragment)
    {
        if (!_passing && _token.Length + fragment.Length <= ByteTokenLength)
        {
            _token.Append(fragment);
            return;
        }
        Pass();
        Next.Text(fragment);
        _passing = true;
    }

    public override void EndToken()
    {
        if (!_passing && TryParse(_token.ToString(), out byte value))
        {
            _run.Add(value);
            _token.Clear();
            return;
        }
        Pass();
        Next.EndToken();
        _passing = false;
    }

    public override void End()
    {
        ReleaseRun();
        Next.End();
    }

    private void Pass()
    {
        ReleaseRun();
        if (_token.Length > 0)
            Next.Text(_token.ToString());
        _token.Clear();
    }

    private void ReleaseRun()
    {
        if (_run.Count == 0)
            return;
        byte[] run = [.. _run];
        _run.Clear();
        if (System.Text.Unicode.Utf8.IsValid(run))
        {
            Next.Text(Strict.GetString(run));
            Next.EndToken();
            return;
        }
        foreach (byte _ in run)
        {
            Next.Text("\uFFFD");
            Next.EndToken();
        }
    }
}
