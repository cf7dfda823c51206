using System.Text.Json;
using Gemma4.Testing.Attacks;
using Xunit;

namespace Gemma4.Server.Tests.Attacks;

/// <summary>Every row of the attack table against a server of its own process: the answer is the expected one, a bystander's tokens go on to
/// flow, and memory stays bounded.</summary>
/// <remarks>Alone, because it measures gaps. <c>GEMMA4_ATTACKS_REPORT=FILE</c> writes what was measured.</remarks>
[Collection("attacks")]
public sealed class AttackTests(AttackedServer server) : IClassFixture<AttackedServer>
{
    /// <summary>A gap is held against an attack only if it comes each time: a busy machine makes gaps of its own.</summary>
    private const int Attempts = 4;

    /// <summary>The longest gap may be this much longer than without an attack, and in any case <see cref="Attack.GapSlack"/> longer.</summary>
    private const double GapFactor = 1.5;

    private static readonly Dictionary<string, Attack> Rows = AttackTable.Rows.ToDictionary(row => row.Name);

    public static TheoryData<string> Names => [.. Rows.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public Task Attack_is_answered_and_costs_no_one_else(string name) => CheckAsync(Rows[name]);

    [Fact]
    public void The_table_has_rows_enough() => Assert.True(Rows.Count >= 100, $"{Rows.Count}");

    private async Task CheckAsync(Attack attack)
    {
        string? fault = null;
        for (int i = 0; i < Attempts; i++)
        {
            AttackResult result = await server.RunAsync(attack, TestContext.Current.CancellationToken);
            AssertExpected(attack.Expected, result.Answer);
            await server.AssertServesAsync(TestContext.Current.CancellationToken);
            fault = Cost(attack, result);
            if (fault is null)
                return;
            // The longest gap of a longer time is longer: what the machine's other work makes of as much time without the attack counts too.
            await server.MeasureQuietAsync(result.Time, TestContext.Current.CancellationToken);
        }
        Assert.Fail(fault!);
    }

    private static void AssertExpected(Outcome expected, RawAnswer answer)
    {
        string shown = $"{answer.Status} {answer.Body[..Math.Min(500, answer.Body.Length)]}";
        Assert.True(expected.Statuses.Contains(answer.Status), shown);
        if (answer.Status >= 400 && answer.Body.StartsWith('{'))
        {
            JsonElement error = JsonElement.Parse(answer.Body).GetProperty("error");
            Assert.True(error.GetProperty("message").GetString()!.Length < 2000, "the message gives the attack back in full");
            if (expected.Code is not null && error.TryGetProperty("code", out JsonElement code))
                Assert.Equal((expected.Code, shown), (code.GetString(), shown));
            if (expected.Param is not null && error.TryGetProperty("param", out JsonElement param))
                Assert.Equal((expected.Param, shown), (param.GetString(), shown));
        }
        if (expected.Body is not null)
            Assert.True(expected.Body(answer.Body), shown);
    }

    private static string? Cost(Attack attack, AttackResult result)
    {
        TimeSpan bar = TimeSpan.FromTicks(Math.Max((long)(result.QuietGap.Ticks * GapFactor), (result.QuietGap + attack.GapSlack).Ticks));
        if (result.Gap > bar)
            return $"a bystander waited {result.Gap.TotalMilliseconds:0} ms for a token; without attacks {result.QuietGap.TotalMilliseconds:0} ms";
        return result.MemoryBytes > attack.MaxMemoryBytes ? $"memory grew by {result.MemoryBytes >> 20} MiB, {attack.MaxMemoryBytes >> 20} allowed" : null;
    }
}

/// <summary>Nothing else runs beside what measures gaps.</summary>
[CollectionDefinition("attacks", DisableParallelization = true)]
public sealed class AttacksCollection;
