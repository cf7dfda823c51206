using Gemma4.Server.Hosting;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Hosting;

/// <summary>docs/configuration.md says of every setting what the program does with it.</summary>
public sealed class SettingsReferenceTests
{
    private static readonly string Committed = Path.Combine(RepositoryPaths.Root, "docs", "configuration.md");

    [Fact]
    public void The_committed_reference_is_what_the_options_say() =>
        Assert.True(File.Exists(Committed) && SettingsReference.Render() == File.ReadAllText(Committed), "docs/configuration.md is not what the options say. Renew it with: ./dev reference");

    [Fact]
    public void Every_switch_is_in_it()
    {
        string reference = SettingsReference.Render();
        Assert.All(CommandLine.Switches, s => Assert.Contains($"`--{s.Name}{(s.Value is null ? "" : " " + s.Value.Replace("|", "\\|", StringComparison.Ordinal))}`", reference, StringComparison.Ordinal));
    }

    [Fact]
    public void A_row_has_key_switch_variable_default_values_and_meaning() => Assert.Contains(
        "| `Engine:MaxQueuedRequests`<br>`--max-queue N`<br>`GEMMA4__Engine__MaxQueuedRequests` | `512` | 1 to 1048576 | Requests that may wait for their first step; more are refused as `QueueFull`. |",
        SettingsReference.Render(),
        StringComparison.Ordinal);
}
