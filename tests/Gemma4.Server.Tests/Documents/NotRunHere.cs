namespace Gemma4.Server.Tests.Documents;

/// <summary>Shell blocks of documents that tests cannot run, each with the reason. Of these the syntax is checked, and that the verbs, switches, variables and files they name exist.
/// Everything else is run: a new block needs an entry only where it cannot be.</summary>
internal static class NotRunHere
{
    private const string Docker = "needs a Docker engine; deploy/container.sh builds and runs the image without one";
    private const string Measures = "a measurement that takes minutes; its figures stand beside it";

    /// <summary>The document, the block's first line without a comment (its first 100 characters), and why.</summary>
    public static IReadOnlyList<(string File, string FirstLine, string Reason)> Blocks { get; } =
    [
        ("README.md", "dotnet test -c Release", "it is what runs this test"),
        ("README.md", "deploy/tool.sh packages && dotnet tool install --global gemma4 --source packages", "installs a package for this user; takes minutes, and tries it itself"),
        ("README.md", "mkdir -m 700 secrets && openssl rand -hex 32 > secrets/api-key && chmod 444 secrets/api-key", Docker),
        ("docs/clients.md", "npm ci --ignore-scripts --prefix tests/clients/agents", "800 MB; .ci/run does it"),
        ("docs/clients.md", "ANTHROPIC_BASE_URL=http://127.0.0.1:8000 ANTHROPIC_AUTH_TOKEN=none ANTHROPIC_MODEL=gemma-4-demo \\", "a conversation in a terminal; AgentProgramTests runs Claude Code where it is installed"),
        ("docs/clients.md", "gemma4 --model google/gemma-4-E2B-it --served-model-name gemma-4-E2B-it --port 8001 &", "installs nginx and its configuration; BalancerTests runs it with two servers"),
        ("docs/containers.md", "mkdir -m 700 secrets && openssl rand -hex 32 > secrets/api-key && chmod 444 secrets/api-key", Docker),
        ("docs/containers.md", "docker build -t gemma4-server:cpu .", Docker),
        ("docs/kubernetes.md", "docker build -t REGISTRY/gemma4-server:cpu . && docker push REGISTRY/gemma4-server:cpu", "needs a registry and a cluster; KubernetesTests reads what it applies"),
        ("docs/operations.md", "apt-get install prometheus", "installs a package, and a server that runs until it is stopped; MonitoringTests starts the same"),
        ("docs/operations.md", "./dev soak", "ten minutes; SoakTests runs its short form"),
        ("docs/operations.md", "dotnet run -c Release --project bench/Gemma4.ServerBenchmark -- telemetry demo-model", Measures),
        ("docs/performance.md", "dotnet run -c Release --project bench/Gemma4.RandomCheckpoint -- ../shared/reference/configs/gemma-4", "writes 10 GB from files that are not part of the repository"),
        ("docs/performance.md", "dotnet run -c Release --project bench/Gemma4.LoadTest -- --clients 1,8,32,100 --requests 8", Measures),
        ("docs/performance.md", "dotnet run -c Release --project bench/Gemma4.LoadTest -- --batch 2000 --prompt-words 20:100 --output", Measures),
        ("docs/performance.md", "dotnet run -c Release --project bench/Gemma4.ServerBenchmark -- demo-model 100 20 /v1/chat/completio", Measures),
        ("docs/scaling.md", "dotnet run -c Release --project bench/Gemma4.FleetSimulation -- steps --config DIR --bits 16 --machi", Measures),
        ("docs/structured-output.md", "for o in any schema; do for w in compact json; do", "MaskBench's schemas and the released tokenizer are not part of the repository; takes minutes"),
        ("deploy/README.md", "dotnet publish src/Gemma4.Server -c Release -r linux-x64 --no-self-contained -o /opt/gemma4", "installs a service on this machine"),
        ("bench/held/README.md", "dotnet run -c Release --project bench/Gemma4.Benchmarks -- perplexity demo-model bench/held/conversa", Measures),
    ];

    /// <summary>Blocks that are run where a program is installed, and else skipped.</summary>
    public static IReadOnlyList<(string File, string FirstLine, string Program)> Needs { get; } =
    [
        ("docs/operations.md", "promtool test rules deploy/monitoring/alerts.test.yml", "promtool"),
    ];

    /// <summary>The programs that a block cannot do without and a machine may not have.</summary>
    public static IEnumerable<string> ProgramsOf(DocumentBlock block) =>
        [.. block.Text.Contains("curl ", StringComparison.Ordinal) ? new[] { "curl" } : [], .. Needs.Where(n => (n.File, n.FirstLine) == (block.File, block.FirstLine)).Select(n => n.Program)];
}
