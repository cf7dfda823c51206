using System.ComponentModel.DataAnnotations;
using Gemma4.Engine.Configuration;

namespace Gemma4.Server.Settings;

/// <summary>Which checkpoint is served and how it is computed. Section <c>Model</c>.</summary>
internal sealed class ModelOptions : IValidatableObject
{
    public const string Section = "Model";

    private const int MaxNameLength = 256;

    /// <summary>The checkpoint: a folder with <c>config.json</c>, <c>tokenizer.json</c>, <c>*.safetensors</c>, a GGUF file, or a folder with one. A
    /// relative path is looked for under the working directory, then beside the server. Or a model of the Hugging Face Hub, as in
    /// <c>google/gemma-4-E2B-it</c> or <c>unsloth/gemma-4-26B-A4B-it-GGUF:Q4_K_M</c>, which is fetched where the cache does not have it.</summary>
    [Required(AllowEmptyStrings = false)]
    public string Path { get; set; } = "demo-model";

    /// <summary>Branch, tag or commit of a model of the hub; null is its main branch.</summary>
    [RegularExpression(@"(?!(.*/)?\.{1,2}(/|$))[\w.+@-]+(/[\w.+@-]+)*", ErrorMessage = "Model:Revision must be a branch, tag or commit, as in main, v1.0 or refs/pr/3.")]
    public string? Revision { get; set; }

    /// <summary>GGUF file with the towers of a GGUF model; null takes the one beside it where <see cref="Path"/> is a folder.</summary>
    public string? Mmproj { get; set; }

    /// <summary>Leave the towers for images and audio clips away, with the memory that they take. Where the program has no libtorch they always are.</summary>
    public bool TextOnly { get; set; }

    /// <summary>Ids that requests may put into <c>model</c>; the first is the one that answers and lists show. Default: the folder's or file's name.</summary>
    public string[] ServedNames { get; set; } = [];

    /// <summary>Take any name in <c>model</c>, for programs that cannot be told the id.</summary>
    public bool AnyName { get; set; }

    /// <summary>Where it is computed: <c>auto</c> (CUDA where there is one), <c>cpu</c>, <c>cuda</c> or <c>cuda:n</c>.</summary>
    [RegularExpression("auto|cpu|cuda(:[0-9]{1,3})?", ErrorMessage = "Model:Device must be auto, cpu, cuda or cuda:n, with n the number of a device.")]
    public string Device { get; set; } = "auto";

    /// <summary>What computes it: <c>cpu</c> is our own kernels, <c>torch</c> libtorch's operators; <c>auto</c> takes the first on a CPU.</summary>
    [AllowedValues("auto", "cpu", "torch")]
    public string Backend { get; set; } = "auto";

    /// <summary>Type that keys and values are stored in; <c>auto</c> is bfloat16.</summary>
    [AllowedValues("auto", "float32", "bfloat16", "int8")]
    public string KvDType { get; set; } = "auto";

    /// <summary>Type the weights are computed in; <c>auto</c> is bfloat16 on a GPU and float32 on a CPU.</summary>
    [AllowedValues("auto", "float32", "bfloat16")]
    public string DType { get; set; } = "auto";

    /// <summary>What weights that are stored as floats are rounded to while loading, on a CPU.</summary>
    [AllowedValues("none", "int8", "int4")]
    public string Quantization { get; set; } = "none";

    /// <summary>Which kernels multiply quantised weights on a CPU; all give the same bits.</summary>
    [AllowedValues("auto", "portable", "avx2", "avx512", "avx512-vnni")]
    public string Kernels { get; set; } = "auto";

    /// <summary>Whether weights that are computed with as they lie in their files are read when a step first wants them, and not at the start.</summary>
    public bool LazyWeights { get; set; }

    /// <summary>Threads that compute on a CPU; null takes one a core.</summary>
    [Range(1, 1024)]
    public int? Threads { get; set; }

    /// <summary>Where and how it is computed, as the engine takes it.</summary>
    internal ComputeOptions Compute => new()
    {
        Device = Device,
        Backend = Backend,
        Dtype = DType,
        KvDtype = KvDType,
        Quantization = Quantization,
        Kernels = Kernels,
        LazyWeights = LazyWeights,
        Threads = Threads,
    };

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Array.Exists(ServedNames, name => string.IsNullOrWhiteSpace(name) || name.Any(char.IsControl) || name.Length > MaxNameLength))
            yield return new ValidationResult($"a name is empty, longer than {MaxNameLength} characters or holds control characters.", [nameof(ServedNames)]);
        if (ServedNames.GroupBy(n => n, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            yield return new ValidationResult($"'{twice.Key}' stands there twice: each name once.", [nameof(ServedNames)]);
    }
}
