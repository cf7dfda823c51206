using System.ComponentModel.DataAnnotations;
using Gemma4.Engine.Configuration;
using Xunit;

namespace Gemma4.Engine.Tests.Configuration;

public sealed class EngineOptionsTests
{
    [Fact]
    public void Defaults_are_valid() => Assert.Empty(Validate(new EngineOptions()));

    [Fact]
    public void Step_that_holds_fewer_tokens_than_sequences_is_refused_naming_both_keys() =>
        Assert.Equal(
            [nameof(EngineOptions.MaxTokensPerStep), nameof(EngineOptions.MaxSequences)],
            Assert.Single(Validate(new EngineOptions { MaxTokensPerStep = 8, MaxSequences = 9 })).MemberNames);

    [Theory]
    [InlineData(12)]
    [InlineData(0)]
    public void Block_size_is_a_power_of_two(int blockSize) =>
        Assert.Contains(
            Validate(new EngineOptions { BlockSize = blockSize }), r => r.MemberNames.Contains(nameof(EngineOptions.BlockSize)));

    private static List<ValidationResult> Validate(EngineOptions options)
    {
        List<ValidationResult> results = [];
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        return results;
    }
}
