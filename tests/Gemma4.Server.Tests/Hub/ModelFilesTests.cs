using Gemma4.Server.Hub;
using Xunit;

namespace Gemma4.Server.Tests.Hub;

public sealed class ModelFilesTests
{
    private const string Unsloth = "gemma-4-26B-A4B-it";

    [Fact]
    public void A_folder_is_its_weights_and_what_the_engine_reads()
    {
        ModelFiles files = Choose("a/b", "README.md", ".gitattributes", "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja",
            "processor_config.json", "preprocessor_config.json", "model.safetensors.index.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
            "pytorch_model.bin", "training_args.bin", "original/model.safetensors", "onnx/config.json");
        Assert.Null(files.Gguf);
        Assert.Equal(
            "config.json generation_config.json tokenizer.json tokenizer_config.json chat_template.jinja processor_config.json preprocessor_config.json model.safetensors.index.json model-00001-of-00002.safetensors model-00002-of-00002.safetensors",
            string.Join(' ', files.Files.Select(f => f.Path)));
    }

    [Theory]
    [InlineData("a/b:Q4_0", "x-Q4_0.gguf")]
    [InlineData("a/b:q8_0", "x-Q8_0.gguf")]
    [InlineData("a/b:Q4_K_M", "x-Q4_K_M.gguf")]
    [InlineData("a/b", "x-Q4_K_M.gguf")]
    [InlineData("a/b:Q4_K_S", "x-Q4_K_S.gguf")]
    [InlineData("a/b:UD-Q4_K_M", "x-UD-Q4_K_M.gguf")]
    [InlineData("a/b:IQ4_NL", "x_iq4_nl.gguf")]
    [InlineData("a/b:BF16", "BF16/x-00001-of-00002.gguf")]
    public void A_quantisation_is_a_word_of_the_file_s_name(string model, string chosen)
    {
        ModelFiles files = Choose(model, "README.md", "x-Q4_0.gguf", "x-Q8_0.gguf", "x-UD-Q4_K_M.gguf", "x-Q4_K_M.gguf", "x-Q4_K_S.gguf", "x_iq4_nl.gguf",
            "BF16/x-00002-of-00002.gguf", "BF16/x-00001-of-00002.gguf", "imatrix_Q2_K.gguf");
        Assert.Equal(chosen, files.Gguf!.Path);
        Assert.Equal(chosen.Contains("-of-", StringComparison.Ordinal) ? 2 : 1, files.Files.Count);
    }

    [Theory]
    [InlineData("mmproj-F32.gguf mmproj-F16.gguf mmproj-BF16.gguf", "mmproj-BF16.gguf")]
    [InlineData("mmproj-x-f16.gguf mmproj-x-Q8_0.gguf", "mmproj-x-f16.gguf")]
    [InlineData("x.mmproj.gguf", "x.mmproj.gguf")]
    public void Towers_are_taken_as_exact_as_there_are(string towers, string chosen)
    {
        ModelFiles files = Choose("a/b:Q4_0", ["x-Q4_0.gguf", .. towers.Split(' ')]);
        Assert.Equal(chosen, files.Mmproj!.Path);
        Assert.Equal(["x-Q4_0.gguf", chosen], files.Files.Select(f => f.Path));
    }

    [Fact]
    public void The_only_model_needs_no_quantisation() => Assert.Equal("gemma-4-E2B_q4_0-it.gguf", Choose("a/b", "gemma-4-E2B_q4_0-it.gguf", "mmproj.gguf").Gguf!.Path);

    [Fact]
    public void Of_several_one_must_be_named()
    {
        string message = Refused("a/b", $"{Unsloth}-Q8_0.gguf", $"{Unsloth}-Q5_K_M.gguf", "mmproj-F16.gguf");
        Assert.Contains("2 models in GGUF, none of them Q4_K_M", message, StringComparison.Ordinal);
        Assert.Contains($"{Unsloth}-Q8_0.gguf (100 B)", message, StringComparison.Ordinal);
        Assert.Contains("--model a/b:Q8_0", message, StringComparison.Ordinal);
        Assert.DoesNotContain("mmproj", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_quantisation_that_is_not_there_is_refused_with_those_that_are() =>
        Assert.Contains("no GGUF file whose name carries 'Q3_K'", Refused("a/b:Q3_K", "x-Q3_K_M.gguf", "x-Q8_0.gguf"), StringComparison.Ordinal);

    [Fact]
    public void Names_that_a_quantisation_does_not_tell_apart_are_refused() =>
        Assert.Contains("2 GGUF files whose names carry 'Q8_0'", Refused("a/b:Q8_0", "small-Q8_0.gguf", "large-Q8_0.gguf"), StringComparison.Ordinal);

    [Fact]
    public void A_part_that_is_missing_is_noticed() =>
        Assert.Contains("2 of the 3 parts", Refused("a/b", "x-00001-of-00003.gguf", "x-00003-of-00003.gguf"), StringComparison.Ordinal);

    [Fact]
    public void Weights_of_another_kind_are_no_model() =>
        Assert.Contains("holds no model in a form that can be served", Refused("a/b", "config.json", "pytorch_model.bin"), StringComparison.Ordinal);

    [Fact]
    public void A_quantisation_of_safetensors_is_refused_with_the_switch_that_does_it() =>
        Assert.Contains("--quantization int8 or int4", Refused("a/b:Q4_0", "config.json", "model.safetensors"), StringComparison.Ordinal);

    private static ModelFiles Choose(string model, params string[] paths) =>
        ModelFiles.Choose(ModelName.TryParse(model)!, [.. paths.Select(path => new HubFile(path, 100, new string('0', 40)))]);

    private static string Refused(string model, params string[] paths) => Assert.Throws<HubException>(() => Choose(model, paths)).Message;
}
