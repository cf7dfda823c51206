using System.Text;

namespace Gemma4.Engine.Tokenization;

/// <summary>Changes text before it is cut into tokens, as the file's <c>normalizer</c> says.</summary>
internal abstract class Normalizer
{
    public static Normalizer? Read(JsonPart part) => part.IsAbsent ? null : part.Type switch
    {
        "Sequence" => new Several([.. part.Require("normalizers").Items().Select(Read).OfType<Normalizer>()]),
        "Replace" => new Replace(part.Require("pattern").AsPlainPattern(), part.Require("content").AsString()),
        "Prepend" => new Prepend(part.Require("prepend").AsString()),
        "Strip" => new Strip(part["strip_left"].AsBool(true), part["strip_right"].AsBool(true)),
        "NFC" => Unicode.Create(NormalizationForm.FormC, part),
        "NFD" => Unicode.Create(NormalizationForm.FormD, part),
        "NFKC" => Unicode.Create(NormalizationForm.FormKC, part),
        "NFKD" => Unicode.Create(NormalizationForm.FormKD, part),
        _ => throw part.Unsupported(),
    };

    public abstract string Apply(string text);

    /// <summary>Whether every character stays at its place, so that the beginning of a text stays its beginning.</summary>
    public virtual bool KeepsPlaces => false;

    private sealed class Several(Normalizer[] normalizers) : Normalizer
    {
        public override string Apply(string text) => normalizers.Aggregate(text, (t, n) => n.Apply(t));

        public override bool KeepsPlaces => normalizers.All(n => n.KeepsPlaces);
    }

    private sealed class Replace(string pattern, string content) : Normalizer
    {
        public override string Apply(string text) => pattern.Length == 0 ? text : text.Replace(pattern, content, StringComparison.Ordinal);

        public override bool KeepsPlaces => pattern.Length == content.Length;
    }

    private sealed class Prepend(string prefix) : Normalizer
    {
        public override string Apply(string text) => text.Length == 0 ? text : prefix + text;
    }

    private sealed class Strip(bool left, bool right) : Normalizer
    {
        public override string Apply(string text) => (left, right) switch
        {
            (true, true) => text.Trim(),
            (true, false) => text.TrimStart(),
            (false, true) => text.TrimEnd(),
            _ => text,
        };
    }

    private sealed class Unicode(NormalizationForm form) : Normalizer
    {
        public static Unicode Create(NormalizationForm form, JsonPart part)
        {
            // In invariant mode, which this project is built for, the runtime leaves text as it is without saying so.
            string decomposed = "e\u0301", composed = "\u00e9";
            bool works = form is NormalizationForm.FormC or NormalizationForm.FormKC
                ? decomposed.Normalize(form) == composed
                : composed.Normalize(form) == decomposed;
            return works ? new Unicode(form) : throw part["type"].Error($"'{part.Type}' needs the runtime's Unicode tables, which are off");
        }

        public override string Apply(string text) => text.Normalize(form);
    }
}
