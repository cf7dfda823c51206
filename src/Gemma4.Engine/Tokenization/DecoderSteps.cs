using System.Text;

namespace Gemma4.Engine.Tokenization;

/// <summary>Replaces a plain pattern inside each token (<c>Replace</c>).</summary>
internal sealed class ReplaceStep(string pattern, string content) : DecoderStep
{
    private readonly StringBuilder _held = new();

    // A token that comes in fragments (after Fuse) is searched as one: the end that may begin an occurrence is held.
    public override void Text(ReadOnlySpan<char> fragment)
    {
        if (pattern.Length == 0)
        {
            Next.Text(fragment);
            return;
        }
        if (_held.Length == 0 && pattern.Length == 1 && fragment.IndexOf(pattern[0]) < 0)
        {
            Next.Text(fragment);
            return;
        }
        string text = _held.Append(fragment).ToString();
        _held.Clear();
        int at = 0;
        while (text.IndexOf(pattern, at, StringComparison.Ordinal) is var found and >= 0)
        {
            Next.Text(text.AsSpan(at, found - at));
            Next.Text(content);
            at = found + pattern.Length;
        }
        int keep = Math.Min(pattern.Length - 1, text.Length - at);
        while (keep > 0 && !pattern.AsSpan().StartsWith(text.AsSpan(text.Length - keep)))
            keep--;
        Next.Text(text.AsSpan(at, text.Length - at - keep));
        _held.Append(text, text.Length - keep, keep);
    }

    public override void EndToken()
    {
        Release();
        Next.EndToken();
    }

    public override void End()
    {
        Release();
        Next.End();
    }

    private void Release()
    {
        if (_held.Length > 0)
            Next.Text(_held.ToString());
        _held.Clear();
    }
}

/// <summary>Makes one token of all (<c>Fuse</c>).</summary>
internal sealed class FuseStep : DecoderStep
{
    public override void Text(ReadOnlySpan<char> fragment) => Next.Text(fragment);

    public override void EndToken()
    {
    }

    public override void End()
    {
        Next.EndToken();
        Next.End();
    }
}

/// <summary>Takes a character off both ends of each token, so many times at most (<c>Strip</c>).</summary>
internal sealed class StripStep(char content, int maxStart, int maxStop) : DecoderStep
{
    private int _stripped;
    private bool _inside;       // a character other than the stripped ones has been seen
    private int _heldBack;      // stripped characters at the end so far, all still to be decided

    public override void Text(ReadOnlySpan<char> fragment)
    {
        while (!_inside && fragment.Length > 0)
        {
            if (_stripped < maxStart && fragment[0] == content)
            {
                _stripped++;
                fragment = fragment[1..];
            }
            else
            {
                _inside = true;
            }
        }
        int tail = fragment.Length - fragment.TrimEnd(content).Length;
        if (tail < fragment.Length)
        {
            Release(_heldBack);
            Next.Text(fragment[..^tail]);
        }
        _heldBack += tail;
        if (_heldBack > maxStop)
            Release(_heldBack - maxStop);
    }

    public override void EndToken()
    {
        (_stripped, _inside, _heldBack) = (0, false, 0);
        Next.EndToken();
    }

    public override void End() => Next.End();

    private void Release(int count)
    {
        if (count > 0)
            Next.Text(new string(content, count));
        _heldBack -= count;
    }
}

/// <summary>Turns the visible space back into one, and drops it where the first token begins with the prefix (<c>Metaspace</c>).</summary>
internal sealed class MetaspaceStep(char replacement, bool dropsInFirst) : DecoderStep
{
    private bool _first = true;

    public override void Text(ReadOnlySpan<char> fragment) => Next.Text(
        _first && dropsInFirst ? fragment.ToString().Replace(replacement.ToString(), "") : fragment.ToString().Replace(replacement, ' '));

    public override void EndToken()
    {
        _first = false;
        Next.EndToken();
    }

    public override void End() => Next.End();
}

/// <summary>Joins tokens with spaces: what the reference does where a file has no decoder.</summary>
internal sealed class SpaceJoinStep : DecoderStep
{
    private bool _started;
    private bool _first = true;

    public override void Text(ReadOnlySpan<char> fragment)
    {
        Start();
        Next.Text(fragment);
    }

    public override void EndToken()
    {
        Start();
        Next.EndToken();
        (_started, _first) = (false, false);
    }

    public override void End() => Next.End();

    private void Start()
    {
        if (!_started && !_first)
            Next.Text(" ");
        _started = true;
    }
}

/// <summary>The end of the chain: collects the text.</summary>
internal sealed class CollectStep : DecoderStep
{
    private readonly StringBuilder _text = new();

    public override void Text(ReadOnlySpan<char> fragment) => _text.Append(fragment);

    public override void EndToken()
    {
    }

    public override void End()
    {
    }

    public string Take()
    {
        string text = _text.ToString();
        _text.Clear();
        return text;
    }
}
