using System.Text;

namespace Gemma4.Engine.Tokenization;

/// <summary>The file's <c>decoder</c>: makes fresh chains of steps, and says what a token is worth by itself.</summary>
internal sealed class DecoderPlan
{
    /// <summary>Every step hands its text to the next by a call, so all of them stand on the stack.</summary>
    private const int MaxSteps = 256;

    private readonly List<Step> _steps = [];

    /// <param name="Create">Makes the step, which has state.</param>
    /// <param name="Inside">What it makes of one token amid others, not first and not last.</param>
    private sealed record Step(Func<DecoderStep> Create, Func<string, string> Inside);

    public static DecoderPlan Read(JsonPart part)
    {
        var plan = new DecoderPlan();
        if (part.IsAbsent)
            plan._steps.Add(new Step(() => new SpaceJoinStep(), token => " " + token));
        else
            plan.Add(part, fused: false);
        return plan;
    }

    /// <summary>A fresh chain that ends in a collector.</summary>
    public DecoderStep Chain(CollectStep end)
    {
        DecoderStep next = end;
        for (int i = _steps.Count - 1; i >= 0; i--)
        {
            DecoderStep step = _steps[i].Create();
            step.Next = next;
            next = step;
        }
        return next;
    }

    /// <summary>The bytes of one token amid others.</summary>
    public byte[] Bytes(string token)
    {
        foreach (Step step in _steps)
        {
            if (step.Inside == ByteFallbackInside && ByteFallbackStep.TryParse(token, out byte value))
                return [value];
            token = step.Inside(token);
        }
        return Encoding.UTF8.GetBytes(token);
    }

    private static readonly Func<string, string> ByteFallbackInside = token => token;

    private bool Add(JsonPart part, bool fused)
    {
        if (_steps.Count == MaxSteps)
            throw part.Error($"a decoder of more than {MaxSteps} steps is not supported");
        switch (part.Type)
        {
            case "Sequence":
                foreach (JsonPart item in part.Require("decoders").Items())
                    fused |= Add(item, fused);
                return fused;
            case "Replace":
                string pattern = part.Require("pattern").AsPlainPattern(), content = part.Require("content").AsString();
                _steps.Add(new Step(() => new ReplaceStep(pattern, content), t => pattern.Length == 0 ? t : t.Replace(pattern, content, StringComparison.Ordinal)));
                return fused;
            case "ByteFallback":
                _steps.Add(new Step(() => new ByteFallbackStep(), ByteFallbackInside));
                return fused;
            case "Fuse":
                _steps.Add(new Step(() => new FuseStep(), t => t));
                return true;
            case "Strip":
                AddStrip(part, fused);
                return fused;
            case "Metaspace":
                char replacement = part.Require("replacement").AsChar();
                bool drops = part["prepend_scheme"].AsString(part["add_prefix_space"].AsBool(true) ? "always" : "never") != "never";
                _steps.Add(new Step(() => new MetaspaceStep(replacement, drops), t => t.Replace(replacement, ' ')));
                return fused;
            default:
                throw part.Unsupported();
        }
    }

    private void AddStrip(JsonPart part, bool fused)
    {
        char content = part.Require("content").AsChar();
        int start = part.Require("start").AsInt(), stop = part.Require("stop").AsInt();
        if (start < 0 || stop < 0)
            throw part.Error("start and stop are counts");
        _steps.Add(new Step(() => new StripStep(content, start, stop), t => fused ? t : Strip(t)));

        string Strip(string token)
        {
            int from = 0, to = token.Length;
            for (; from < token.Length && from < start && token[from] == content; from++) ;
            for (; to > from && token.Length - to < stop && token[to - 1] == content; to--) ;
            return token[from..to];
        }
    }
}
