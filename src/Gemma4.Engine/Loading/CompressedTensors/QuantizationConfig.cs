using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Loading.CompressedTensors;

/// <summary>Refuses a checkpoint whose <c>quantization_config</c> asks for what is not read.</summary>
/// <remarks>
/// Which weights are packed the tensors say, and not this section: its list of modules left out has names of the library that wrote it, and they are not those on disk.
/// </remarks>
internal static class QuantizationConfig
{
    private const string Key = "quantization_config", Method = "compressed-tensors", Format = "pack-quantized";

    /// <summary>Looks at it.</summary>
    /// <param name="root">The whole <c>config.json</c>.</param>
    /// <exception cref="CheckpointException">The weights are quantised in another way.</exception>
    public static void Check(ConfigSection root)
    {
        if (root.OptionalSection(Key) is not { } quantization)
            return;
        Require(quantization, "quant_method", Method);
        Require(quantization, "format", Format);
        foreach ((string name, ConfigSection group) in quantization.OptionalSection("config_groups")?.Sections() ?? [])
        {
            if (group.OptionalSection("input_activations") is not null)
                throw quantization.Refuse($"config_groups.{name}.input_activations", "activations in fewer bits are not supported");
            ConfigSection weights = group.Section("weights");
            weights.MustBe("type", "int");
            if (weights.Int("num_bits", 1, 64) is var bits && bits != 4)
                throw weights.Refuse("num_bits", $"found {bits}; only 4 is supported");
            if (!weights.Bool("symmetric", absent: true))
                throw weights.Refuse("symmetric", "found false; only true is supported");
            if (weights.Has("actorder"))
                throw weights.Refuse("actorder", "columns in another order are not supported");
        }
    }

    private static void Require(ConfigSection section, string key, string expected)
    {
        if (!section.Has(key))
            throw section.Refuse(key, $"missing; expected \"{expected}\"");
        section.MustBe(key, expected);
    }
}
