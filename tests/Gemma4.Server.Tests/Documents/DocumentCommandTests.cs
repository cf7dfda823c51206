using Gemma4.Server.Tests.Hub;
using Xunit;

namespace Gemma4.Server.Tests.Documents;

/// <summary>Every command of the documents is run as it stands there, against a server of the demo model, in a folder of its own; or <see cref="NotRunHere"/> says why not, and it names
/// what exists.</summary>
public sealed class DocumentCommandTests(DocumentServer server) : IClassFixture<DocumentServer>
{
    private const string Mend = """

        Mend the block, or the program. A block that no test can run (it installs something, needs Docker, a cluster, a GPU, minutes, the network) is listed with the
        reason in tests/Gemma4.Server.Tests/Documents/NotRunHere.cs.
        """;

    public static TheoryData<string> Run => [.. ProjectDocuments.In("sh").Where(block => Reason(block) is null).Select(block => block.Name)];

    public static TheoryData<string> NotRun => [.. ProjectDocuments.In("sh").Where(block => Reason(block) is not null).Select(block => block.Name)];

    [Theory]
    [MemberData(nameof(Run))]
    public async Task Command_does_what_the_document_says(string name)
    {
        DocumentBlock block = Find(name);
        IReadOnlyList<string> others = HarmlessCommands.Others(block.Text);
        Assert.True(others.Count == 0, $"{block.File}:{block.Line} is not run, since tests do not call {string.Join(", ", others)}.{Mend}");
        foreach (string program in NotRunHere.ProgramsOf(block).Where(program => InstalledPrograms.Find(program) is null))
            Assert.Skip($"needs {program}");
        // What the documents call google/gemma-4-E2B-it is the demo model there.
        await using LoopbackHub hub = await LoopbackHub.StartAsync(DocumentServer.ModelFiles());
        using var folder = new DocumentWorkplace(hub.Endpoint.AbsoluteUri);
        (int exitCode, string output) = await folder.ShellAsync(block.Text, server.Url, TestContext.Current.CancellationToken);
        Assert.True(exitCode == 0, $"{block.File}:{block.Line} ended with {exitCode}:\n{block.Text}\n\n{output}\n{Mend}");
        if (block.PromisedAnswer is { } answer)
            Assert.True(output.Contains(answer, StringComparison.Ordinal), $"{block.File}:{block.Line} promises the answer '{answer}' and got:\n{output}");
    }

    [Theory]
    [MemberData(nameof(NotRun))]
    public async Task Command_that_is_not_run_is_a_shell_s_and_names_what_exists(string name)
    {
        DocumentBlock block = Find(name);
        using var folder = new DocumentWorkplace();
        (int exitCode, string output) = await folder.RunAsync("bash", ["-n", folder.Write("block.sh", block.Text, server.Url)], TestContext.Current.CancellationToken);
        Assert.True(exitCode == 0, $"{block.File}:{block.Line} is no shell's:\n{output}");
        string[] faults = [.. CommandNames.FaultsOf(block.Text)];
        Assert.True(faults.Length == 0, $"{block.File}:{block.Line}: {string.Join("; ", faults)}");
    }

    [Fact]
    public void Lists_name_blocks_that_are_there()
    {
        string[] known = [.. ProjectDocuments.In("sh").Select(block => block.Name)];
        Assert.All(
            NotRunHere.Blocks.Select(b => $"{b.File}: {b.FirstLine}").Concat(NotRunHere.Needs.Select(n => $"{n.File}: {n.FirstLine}")),
            name => Assert.True(known.Contains(name), $"NotRunHere.cs lists a block that no document has: {name}"));
    }

    [Theory]
    [InlineData("gemma4 --modell x", "gemma4 has no switch --modell")]
    [InlineData("dotnet run -c Release --project src/Gemma4.Server -- --prt 1", "gemma4 has no switch --prt")]
    [InlineData("GEMMA4__Server__Prt=1 gemma4", "there is no setting Server:Prt")]
    [InlineData("gemma4 --Engine:BlockSiz 1", "there is no setting Engine:BlockSiz")]
    [InlineData("dotnet run -c Release --project bench/Gemma4.LoadTest -- --client 1", "bench/Gemma4.LoadTest has no option --client")]
    [InlineData("./dev bogus", "./dev has no verb bogus")]
    [InlineData("docker compose --profile tpu up", "docker-compose.yml has no profile tpu")]
    [InlineData("MODELL=x docker compose --profile cpu up", "docker-compose.yml has no variable MODELL")]
    [InlineData("cat docs/nowhere.md", "there is no docs/nowhere.md")]
    public void A_wrong_name_is_found(string command, string fault) => Assert.Equal([fault], CommandNames.FaultsOf(command));

    [Theory]
    [InlineData("gemma4 list && apt-get install nginx", "apt-get")]
    [InlineData("gemma4 list\ncp a /etc/b", "cp")]
    [InlineData("echo a | sh", "sh")]
    [InlineData("echo $(rm -r x)", "rm")]
    [InlineData("echo \"$(rm -r x)\"", "rm")]
    [InlineData("gemma4 & kubectl apply -k x", "kubectl")]
    [InlineData("curl https://example.org/x", "https://example.org/x")]
    [InlineData("echo a > /etc/passwd", "> /etc/passwd")]
    [InlineData("./dev test", "./dev")]
    [InlineData("dotnet test -c Release", "dotnet")]
    [InlineData("PATH=. gemma4", "PATH=.")]
    public void What_could_do_harm_is_found(string command, string what) => Assert.Contains(what, HarmlessCommands.Others(command));

    private static string? Reason(DocumentBlock block) => NotRunHere.Blocks.FirstOrDefault(b => (b.File, b.FirstLine) == (block.File, block.FirstLine)).Reason;

    private static DocumentBlock Find(string name) => ProjectDocuments.In("sh").First(block => block.Name == name);
}
