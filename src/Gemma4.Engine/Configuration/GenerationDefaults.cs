using System.Collections.Immutable;

namespace Gemma4.Engine.Configuration;

/// <summary>How the checkpoint's authors want it sampled, from <c>generation_config.json</c>.</summary>
public sealed record GenerationDefaults
{
    /// <summary>End tokens that a checkpoint may name.</summary>
    internal const int MaxTokens = 1024;

    /// <summary>Tokens that end an answer.</summary>
    /// <remarks>The list of generation_config.json; config.json's own is shorter and used only where that file is absent.</remarks>
    public required ImmutableArray<int> EndTokenIds { get; init; }

    /// <summary>Temperature; 0 where the checkpoint asks for greedy decoding, null where it says nothing.</summary>
    public double? Temperature { get; init; }

    /// <summary>Candidates kept by rank; null where it says nothing.</summary>
    public int? TopK { get; init; }

    /// <summary>Candidates kept by mass; null where it says nothing.</summary>
    public double? TopP { get; init; }

    /// <summary>Tokens whose logits are masked at every step.</summary>
    public ImmutableArray<int> SuppressTokenIds { get; init; } = [];

    internal static GenerationDefaults Load(string file, ImmutableArray<int> configEndTokens, int vocabularySize)
    {
        if (!File.Exists(file))
            return new GenerationDefaults { EndTokenIds = configEndTokens };
        ConfigSection generation = ConfigSection.Load(file);
        ImmutableArray<int> end = generation.Ints("eos_token_id", 0, vocabularySize - 1, MaxTokens);
        return new GenerationDefaults
        {
            EndTokenIds = end.Length > 0 ? end : configEndTokens,
            Temperature = generation.Bool("do_sample", absent: true) ? generation.OptionalNumber("temperature", new NumberRange(0, 100)) : 0,
            TopK = generation.OptionalInt("top_k", 0, int.MaxValue),
            TopP = generation.OptionalNumber("top_p", NumberRange.Above(0, 1)),
            SuppressTokenIds = generation.Ints("suppress_tokens", 0, vocabularySize - 1, vocabularySize),
        };
    }
}
