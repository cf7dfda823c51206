using Gemma4.Engine.Configuration;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Loading.Gguf;

/// <summary>Damages GGUF files and reads of them what the server reads before weights: all of it is right, or refused by name.</summary>
public sealed class MutatedGgufTests : IDisposable
{
    private const int Mutants = 250;
    private readonly string _folder = Directory.CreateTempSubdirectory("gemma4-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("tiny-31b-Q4_0", null)]
    [InlineData("tiny-e2b-Q4_0", "mmproj-tiny-e2b-F16")]
    public void Damaged_model_or_towers_are_refused_by_name_or_opened(string model, string? mmproj)
    {
        byte[] valid = File.ReadAllBytes(GgufFixtures.Find(mmproj ?? model));
        string damaged = Path.Combine(_folder, "damaged.gguf");
        int refused = 0;
        for (int i = 0; i < Mutants; i++)
        {
            int seed = FileMutator.FirstSeed + i;
            File.WriteAllBytes(damaged, GgufMutator.Mutate(valid, new Random(seed)));
            try
            {
                Checkpoint checkpoint = mmproj is null ? Checkpoint.Open(damaged) : Checkpoint.Open(GgufFixtures.Find(model), damaged);
                _ = checkpoint.LoadChat(checkpoint.LoadTokenizer());
            }
            catch (Exception e) when (e is CheckpointException or InvalidDataException)
            {
                Assert.Contains("damaged.gguf: ", e.Message, StringComparison.Ordinal);
                refused++;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}: {e.GetType().Name}: {e.Message}", e);
            }
        }
        Assert.InRange(refused, Mutants / 3, Mutants - 1);
    }
}
