using Gemma4.Server.Errors;
using Gemma4.Server.OpenAI;

namespace Gemma4.Server.Mapping.OpenAI;

/// <summary>Rules about fields that OpenAI's APIs share, after each is right by itself.</summary>
internal static class FieldRules
{
    /// <summary><c>stream_options</c> without <c>stream</c>.</summary>
    public static void CheckStream(GenerationFields fields)
    {
        if (fields.StreamOptions is not null && fields.Stream != true)
            throw Fault.Of("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options");
    }

    /// <summary>Limits that this server's options set.</summary>
    public static void CheckLimits(GenerationFields fields, int maxN, int maxStopStrings)
    {
        if (fields.N > maxN)
            throw Fault.AboveMaximum("n", "integer", maxN, $"{fields.N}");
        if (fields.Stop is { } stop && stop.Values.Length > maxStopStrings)
            throw Fault.ArrayTooLong("stop", maxStopStrings, stop.Values.Length);
    }

    /// <summary>Lengths of keys and values.</summary>
    public static void CheckMetadata(Dictionary<string, string>? metadata)
    {
        foreach ((string key, string value) in metadata ?? [])
        {
            if (key.Length > 64)
                throw Fault.TooLong("metadata", 64, key.Length);
            if (value.Length > 512)
                throw Fault.TooLong($"metadata.{key}", 512, value.Length);
        }
    }
}
