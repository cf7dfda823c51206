using System.Collections.Immutable;
using System.Text;
using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Loading.Gguf;

/// <summary>Keys and values of a file, with readers that say which file and key is at fault.</summary>
/// <param name="file">Named in errors.</param>
/// <param name="values">The values by key.</param>
internal sealed class GgufMetadata(string file, IReadOnlyDictionary<string, GgufValue> values)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The file they come from.</summary>
    public string File { get; } = file;

    public bool Has(string key) => values.ContainsKey(key);

    /// <summary>Every key with its value, in the file's order.</summary>
    public IEnumerable<KeyValuePair<string, GgufValue>> All => values;

    /// <summary>The value of a key, whatever it is; null where the key is absent.</summary>
    public GgufValue? Find(string key) => values.GetValueOrDefault(key);

    public CheckpointException Refuse(string key, string problem) => new(File, $"key {key}: {problem}");

    public CheckpointException Missing(string key, string expected) => Refuse(key, $"missing; expected {expected}");

    /// <summary>An integer from <paramref name="min"/> to <paramref name="max"/>.</summary>
    public int Int(string key, int min, int max) => OptionalInt(key, min, max) ?? throw Missing(key, $"an integer from {min} to {max}");

    /// <summary>The same, null where the key is absent.</summary>
    public int? OptionalInt(string key, int min, int max) => Find(key) switch
    {
        null => null,
        { IsArray: false } value => Int(key, value, 0, min, max),
        var value => throw Refuse(key, $"expected an integer from {min} to {max}, found {value.Kind}"),
    };

    /// <summary>An integer from 1 to <paramref name="max"/>.</summary>
    public int Count(string key, int max) => Int(key, 1, max);

    /// <summary>So many integers: an array of them, or one for all.</summary>
    public ImmutableArray<int> CountForEach(string key, int count, int max)
    {
        GgufValue value = Find(key) ?? throw Missing(key, $"an integer from 1 to {max}, or {count} of them");
        if (value.IsArray && value.Count != count)
            throw Refuse(key, $"expected {count} values, found {value.Count}");
        return [.. Enumerable.Range(0, count).Select(i => Int(key, value, value.IsArray ? i : 0, 1, max))];
    }

    /// <summary>An array of at most <paramref name="maxCount"/> integers; empty where the key is absent.</summary>
    public ImmutableArray<int> Ints(string key, int min, int max, int maxCount)
    {
        if (Find(key) is not { } value)
            return [];
        if (value.Count > maxCount)
            throw Refuse(key, $"expected at most {maxCount} values, found {value.Count}");
        return [.. Enumerable.Range(0, value.Count).Select(i => Int(key, value, i, min, max))];
    }

    /// <summary>A number in the range.</summary>
    public double Number(string key, NumberRange range) => OptionalNumber(key, range) ?? throw Missing(key, $"a number, {range}");

    /// <summary>The same, null where the key is absent.</summary>
    public double? OptionalNumber(string key, NumberRange range)
    {
        if (Find(key) is not { } value)
            return null;
        if (value.IsArray || value.Number(0) is not { } number)
            throw Refuse(key, $"expected a number, {range}, found {value.Kind}");
        return range.Contains(number) ? number : throw Refuse(key, FormattableString.Invariant($"expected a number, {range}, found {number}"));
    }

    public bool Bool(string key, bool absent) => Find(key) switch
    {
        null => absent,
        { IsArray: false } value when value.Truth(0) is { } truth => truth,
        var value => throw Refuse(key, $"expected a bool, found {value.Kind}"),
    };

    /// <summary>So many truths.</summary>
    public ImmutableArray<bool> Bools(string key, int count)
    {
        GgufValue value = Find(key) ?? throw Missing(key, $"an array of {count} Bool");
        return value is { IsArray: true, Type: GgufType.Bool } && value.Count == count
            ? [.. Enumerable.Range(0, count).Select(i => value.Truth(i)!.Value)]
            : throw Refuse(key, $"expected an array of {count} Bool, found {value.Kind}");
    }

    public string? OptionalString(string key)
    {
        if (Find(key) is not { } value)
            return null;
        if (value.IsArray || value.String(0) is not { } text)
            throw Refuse(key, $"expected a string, found {value.Kind}");
        try
        {
            return Strict.GetString(text.Span);
        }
        catch (DecoderFallbackException e)
        {
            throw new CheckpointException(File, $"key {key}: not UTF-8", e);
        }
    }

    /// <summary>Refuses any value but the one expected.</summary>
    public void MustBe(string key, string expected)
    {
        string? found = OptionalString(key);
        if (found != expected)
            throw Refuse(key, found is null ? $"missing; expected \"{expected}\"" : $"found \"{found}\"; only \"{expected}\" is supported");
    }

    private int Int(string key, GgufValue value, int index, int min, int max) => value.Integer(index) is not { } number
        ? throw Refuse(key, $"expected an integer from {min} to {max}, found {value.Kind}")
        : number >= min && number <= max ? (int)number : throw Refuse(key, $"expected an integer from {min} to {max}, found {number}");
}
