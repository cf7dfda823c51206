using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gemma4.Server.Hosting;
using Gemma4.Server.Settings;
using Gemma4.Testing;
using Json.Schema;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Gemma4.Server.Tests.Deploy;

/// <summary>What <c>deploy/kubernetes</c> renders to: read by the official client's types and other projects' schemas, and held against the program.</summary>
public sealed partial class KubernetesTests
{
    private const int EndSeconds = 15;      // what the process takes to end once it has drained, as docs/api.md has it

    private static readonly Dictionary<string, Type> Types = new()
    {
        ["v1/Namespace"] = typeof(V1Namespace),
        ["v1/ConfigMap"] = typeof(V1ConfigMap),
        ["v1/Service"] = typeof(V1Service),
        ["v1/ServiceAccount"] = typeof(V1ServiceAccount),
        ["v1/PersistentVolumeClaim"] = typeof(V1PersistentVolumeClaim),
        ["apps/v1/Deployment"] = typeof(V1Deployment),
        ["batch/v1/Job"] = typeof(V1Job),
        ["policy/v1/PodDisruptionBudget"] = typeof(V1PodDisruptionBudget),
        ["networking.k8s.io/v1/NetworkPolicy"] = typeof(V1NetworkPolicy),
        ["rbac.authorization.k8s.io/v1/Role"] = typeof(V1Role),
        ["rbac.authorization.k8s.io/v1/RoleBinding"] = typeof(V1RoleBinding),
    };

    public static TheoryData<string> Kustomizations() => [.. new[] { "model" }.Concat(Overlays), All];

    private static string[] Overlays { get; } = ["overlays/cpu", "overlays/gpu", "overlays/gateway", "overlays/monitoring"];

    /// <summary>Not a folder: GPUs and all components at once, as somebody may put them together.</summary>
    private const string All = "all components";

    [Theory]
    [MemberData(nameof(Kustomizations))]
    public async Task Every_object_is_one_that_the_client_or_its_project_knows_field_by_field(string kustomization)
    {
        string[] documents = await RenderAsync(kustomization);
        Assert.True(documents.Length >= 4);
        foreach (string document in documents)
        {
            JsonNode json = Kustomize.Json(document);
            string kind = (string)json["kind"]!;
            if (Types.TryGetValue($"{json["apiVersion"]}/{kind}", out Type? type))
                Assert.True(KubernetesYaml.LoadAllFromString(document, new Dictionary<string, Type> { [$"{json["apiVersion"]}/{kind}"] = type }, strict: true) is [{ } read] && read.GetType() == type);
            else
                CheckBySchema(kind, json);
            Assert.Equal(kind == "Namespace" ? null : "gemma4", (string?)json["metadata"]!["namespace"]);
        }
    }

    [Fact]
    public async Task A_field_that_nobody_knows_is_refused()
    {
        string[] documents = await RenderAsync(All);
        string deployment = documents.First(d => d.Contains("kind: Deployment", StringComparison.Ordinal));
        Assert.ThrowsAny<YamlDotNet.Core.YamlException>(() => KubernetesYaml.LoadAllFromString(
            deployment.Replace("livenessProbe:", "liveProbe:", StringComparison.Ordinal), new Dictionary<string, Type> { ["apps/v1/Deployment"] = typeof(V1Deployment) }, strict: true));
        JsonNode pool = Kustomize.Json(documents.Single(d => d.Contains("\nkind: InferencePool\n", StringComparison.Ordinal)));
        pool["spec"]!["targetPort"] = 8000;
        Assert.False(Schema("InferencePool").Evaluate(Element(pool)).IsValid);
    }

    [Theory]
    [MemberData(nameof(Kustomizations))]
    public async Task Pods_may_do_nothing_that_they_need_not(string kustomization)
    {
        int count = 0;
        foreach ((string name, V1PodTemplateSpec template) in Pods(await RenderAsync(kustomization)))
        {
            V1PodSpec pod = template.Spec;
            Assert.True(pod.SecurityContext.RunAsNonRoot, name);
            Assert.Equal("RuntimeDefault", pod.SecurityContext.SeccompProfile.Type);
            Assert.Equal(name == "gemma4-picker" ? null : false, pod.AutomountServiceAccountToken);     // the picker asks the cluster for pods
            Assert.False(pod.EnableServiceLinks);
            Assert.Null(pod.HostNetwork);
            foreach (V1Container container in pod.Containers.Concat(pod.InitContainers ?? []))
            {
                V1SecurityContext context = container.SecurityContext;
                Assert.True(context.ReadOnlyRootFilesystem, name);
                Assert.False(context.AllowPrivilegeEscalation, name);
                Assert.Equal(["ALL"], context.Capabilities.Drop);
                Assert.Null(context.Capabilities.Add);
                Assert.True(container.Resources.Limits.ContainsKey("memory"), name);
                Assert.DoesNotContain(":latest", container.Image, StringComparison.Ordinal);
                Assert.Matches(":[a-z0-9.]+$", container.Image);
            }
            count++;
        }
        Assert.True(count >= 1);
    }

    [Theory]
    [MemberData(nameof(Kustomizations))]
    public async Task Objects_name_each_other_as_they_are(string kustomization)
    {
        List<object> objects = Read([.. await RenderAsync("model"), .. kustomization == "model" ? await RenderAsync("overlays/cpu") : await RenderAsync(kustomization)]);
        string[] configMaps = [.. objects.OfType<V1ConfigMap>().Select(m => m.Metadata.Name)], claims = [.. objects.OfType<V1PersistentVolumeClaim>().Select(c => c.Metadata.Name)];
        V1PodTemplateSpec[] pods = [.. objects.OfType<V1Deployment>().Select(d => d.Spec.Template), .. objects.OfType<V1Job>().Select(j => j.Spec.Template)];
        foreach (V1PodTemplateSpec template in pods)
        {
            Assert.All(template.Spec.Containers.SelectMany(c => c.EnvFrom ?? []), source => Assert.Contains(source.ConfigMapRef.Name, configMaps));
            Assert.All(template.Spec.Volumes.Where(v => v.ConfigMap is not null), volume => Assert.Contains(volume.ConfigMap.Name, configMaps));
            Assert.All(template.Spec.Volumes.Where(v => v.PersistentVolumeClaim is not null), volume => Assert.Contains(volume.PersistentVolumeClaim.ClaimName, claims));
            Assert.All(template.Spec.Volumes.Where(v => v.Secret is not null), volume => Assert.Equal("gemma4-keys", volume.Secret.SecretName));
            Assert.All(template.Spec.Containers, c => Assert.Equal(c.VolumeMounts.Select(m => m.Name).Order(), template.Spec.Volumes.Select(v => v.Name).Order()));
        }
        Assert.All(objects.OfType<V1Deployment>(), d => Assert.True(Selects(d.Spec.Selector.MatchLabels, d.Spec.Template)));
        Assert.All(objects.OfType<V1PodDisruptionBudget>(), b => Assert.Single(pods, p => Selects(b.Spec.Selector.MatchLabels, p)));
        Assert.All(objects.OfType<V1NetworkPolicy>(), n => Assert.Single(pods, p => Selects(n.Spec.PodSelector.MatchLabels, p)));
        foreach (V1Service service in objects.OfType<V1Service>())
        {
            V1PodTemplateSpec pod = Assert.Single(pods, p => Selects(service.Spec.Selector, p));
            Assert.All(service.Spec.Ports, port => Assert.Contains(pod.Spec.Containers[0].Ports, p => p.Name == port.TargetPort));
        }
    }

    [Theory]
    [InlineData("overlays/cpu", "gemma4-server:cpu")]
    [InlineData("overlays/gpu", "gemma4-server:cuda")]
    [InlineData(All, "gemma4-server:cuda")]
    public async Task The_server_is_given_time_to_drain_and_an_image_that_Compose_has(string kustomization, string image)
    {
        V1PodSpec pod = (await ServerAsync(kustomization)).Spec;
        V1Container container = Assert.Single(pod.Containers);
        long preStop = container.Lifecycle.PreStop.Sleep.Seconds;
        int drain = int.Parse(container.Env.Single(e => e.Name == "GEMMA4__Server__DrainSeconds").Value);
        Assert.Equal(preStop + drain + EndSeconds, pod.TerminationGracePeriodSeconds);
        Assert.True(preStop >= 5 && drain >= new ServerOptions().DrainSeconds);
        Assert.Equal(image, container.Image);
        Assert.Contains($"image: {image}", await File.ReadAllTextAsync(Path.Combine(RepositoryPaths.Root, "docker-compose.yml"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(1654, pod.SecurityContext.RunAsUser);
    }

    [Theory]
    [MemberData(nameof(Kustomizations))]
    public async Task Settings_are_those_that_the_program_has(string kustomization)
    {
        if (kustomization == "model")
            return;
        List<object> objects = Read([.. await RenderAsync("model"), .. await RenderAsync(kustomization)]);
        V1Container server = Server(objects).Spec.Containers[0];
        Dictionary<string, string?> variables = server.Env.ToDictionary(e => e.Name, string? (e) => e.Value ?? "Host=db;Database=gemma4");       // of a secret
        foreach (V1EnvFromSource source in server.EnvFrom)
        {
            foreach ((string name, string value) in objects.OfType<V1ConfigMap>().Single(m => m.Metadata.Name == source.ConfigMapRef.Name).Data)
                variables.TryAdd(name, value);      // a container's own variables come before those of its maps
        }
        Assert.All(variables.Keys, name => Assert.True(name.StartsWith("GEMMA4__", StringComparison.Ordinal) || name == "HF_HUB_OFFLINE", name));
        var services = new ServiceCollection();
        OptionsBinding.AddOptions(services, new ConfigurationBuilder().AddInMemoryCollection(variables
            .Where(v => v.Key.StartsWith("GEMMA4__", StringComparison.Ordinal))
            .Select(v => KeyValuePair.Create(v.Key["GEMMA4__".Length..].Replace("__", ":", StringComparison.Ordinal), v.Value))).Build());
        await using ServiceProvider provider = services.BuildServiceProvider();
        ServerOptions options = provider.GetRequiredService<IOptions<ServerOptions>>().Value;
        Assert.Contains(server.VolumeMounts, m => m.MountPath == options.ApiKeyFile && m.Name == "keys");
        Assert.Equal("google/gemma-4-E2B-it", provider.GetRequiredService<IOptions<ModelOptions>>().Value.Path);
        Assert.Equal(kustomization is "overlays/gateway" or All, options.OpenMetrics);
        Assert.Equal(kustomization == All ? "Host=db;Database=gemma4" : "memory", provider.GetRequiredService<IOptions<StorageOptions>>().Value.Data);
        Assert.Null(server.Args);
    }

    [Fact]
    public async Task The_job_fetches_what_the_servers_read()
    {
        List<object> objects = Read(await RenderAsync("model"));
        V1Container pull = objects.OfType<V1Job>().Single().Spec.Template.Spec.Containers[0];
        string model = objects.OfType<V1ConfigMap>().Single().Data["GEMMA4__Model__Path"];
        string[] args = [.. pull.Args.Select(a => a.Replace("$(GEMMA4__Model__Path)", model, StringComparison.Ordinal))];
        Assert.Equal(["pull", model], args);
        Assert.Contains($"| `{args[0]} NAME` |", await File.ReadAllTextAsync(Path.Combine(RepositoryPaths.Root, "docs", "program.md"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        V1Container server = (await ServerAsync("overlays/cpu")).Spec.Containers[0];
        Assert.Equal(server.Image, pull.Image);
        V1VolumeMount written = pull.VolumeMounts.Single(m => m.Name == "models"), read = server.VolumeMounts.Single(m => m.Name == "models");
        Assert.Equal((written.MountPath, null, true), (read.MountPath, written.ReadOnlyProperty, read.ReadOnlyProperty));
        Assert.Contains($"HF_HOME={read.MountPath}", await File.ReadAllTextAsync(Path.Combine(RepositoryPaths.Root, "Dockerfile"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Probes_and_scrapers_ask_what_the_server_answers()
    {
        V1Container container = (await ServerAsync(All)).Spec.Containers[0];
        await using var server = new ServerUnderTest(FakeEngine.Saying(), ("Server:ApiKeys:0", "sk-right-key"), ("Server:OpenMetrics", "true"));
        using HttpClient client = await server.ReadyClientAsync();
        foreach (V1Probe probe in (V1Probe[])[container.StartupProbe, container.ReadinessProbe, container.LivenessProbe])
        {
            Assert.Equal("http", probe.HttpGet.Port);
            using HttpResponseMessage response = await client.GetAsync(probe.HttpGet.Path, TestContext.Current.CancellationToken);
            Assert.True(response.IsSuccessStatusCode, probe.HttpGet.Path);
        }
        Assert.Equal(("/health/started", "/health/ready", "/health/live"), (container.StartupProbe.HttpGet.Path, container.ReadinessProbe.HttpGet.Path, container.LivenessProbe.HttpGet.Path));

        Assert.True((await client.GetAsync("/metrics", TestContext.Current.CancellationToken)).IsSuccessStatusCode);
        // What docs/operations.md explains is what a server tells: MonitoringTests.
        string explained = await File.ReadAllTextAsync(Path.Combine(RepositoryPaths.Root, "docs", "operations.md"), TestContext.Current.CancellationToken);
        string[] documents = await RenderAsync(All);
        string asked = string.Join('\n', documents.Where(d => d.Contains("kind: ScaledObject", StringComparison.Ordinal) || d.Contains("picker-config.yaml: |", StringComparison.Ordinal)));
        string[] names = [.. MetricName().Matches(asked).Select(m => m.Value).Distinct()];
        Assert.Equal(["gemma4_kv_cache_info", "gemma4_kv_cache_usage", "gemma4_requests_queued", "gemma4_requests_running"], names.Order());
        Assert.All(names, name => Assert.Contains($"| `{name}` | gauge |", explained, StringComparison.Ordinal));
        Assert.Contains("| `gemma4_kv_cache_info` | gauge | | `block_size`, `num_gpu_blocks` |", explained, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Alerts_are_those_of_deploy_monitoring()
    {
        JsonNode rule = Kustomize.Json((await RenderAsync("overlays/monitoring")).Single(d => d.Contains("kind: PrometheusRule", StringComparison.Ordinal)));
        JsonNode alerts = Kustomize.Json(await File.ReadAllTextAsync(Path.Combine(RepositoryPaths.Root, "deploy", "monitoring", "alerts.yml"), TestContext.Current.CancellationToken));
        Assert.True(JsonNode.DeepEquals(alerts["groups"], rule["spec"]!["groups"]), "deploy/kubernetes/rules.sh writes them anew");
        // Prometheus' job is the service's name, which the alerts ask for.
        Assert.Contains("up{job=\"gemma4\"}", alerts.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }).Replace("\\\"", "\"", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gateway_monitor_and_autoscaler_find_the_servers()
    {
        string[] documents = await RenderAsync(All);
        List<object> objects = Read(documents);
        V1PodTemplateSpec server = Server(objects);
        V1Service service = objects.OfType<V1Service>().Single(s => s.Metadata.Name == "gemma4"), picker = objects.OfType<V1Service>().Single(s => s.Metadata.Name == "gemma4-picker");
        JsonNode pool = Of("InferencePool")["spec"]!, monitor = Of("ServiceMonitor")["spec"]!, route = Of("HTTPRoute")["spec"]!, scaled = Of("ScaledObject")["spec"]!;

        Assert.True(Selects(Labels(pool["selector"]!), server));
        Assert.Equal(server.Spec.Containers[0].Ports[0].ContainerPort, (int)pool["targetPorts"]![0]!["number"]!);
        Assert.Equal((picker.Metadata.Name, picker.Spec.Ports[0].Port), ((string)pool["endpointPickerRef"]!["name"]!, (int)pool["endpointPickerRef"]!["port"]!["number"]!));
        Assert.Equal("gemma4", (string)route["rules"]![0]!["backendRefs"]![0]!["name"]!);
        Assert.Equal((string)Of("Gateway")["metadata"]!["name"]!, (string)route["parentRefs"]![0]!["name"]!);
        Assert.True(Labels(monitor["selector"]!).All(service.Metadata.Labels.Contains));
        Assert.Contains(service.Spec.Ports, p => p.Name == (string)monitor["endpoints"]![0]!["port"]!);
        Assert.Equal(objects.OfType<V1Deployment>().First(d => d.Spec.Template == server).Metadata.Name, (string)scaled["scaleTargetRef"]!["name"]!);
        Assert.Null(objects.OfType<V1Deployment>().First(d => d.Spec.Template == server).Spec.Replicas);

        // As of llm-d's router 0.10: apix/config/v1alpha1 and the parameters of core-metrics-extractor.
        V1PodSpec pod = objects.OfType<V1Deployment>().Single(d => d.Metadata.Name == "gemma4-picker").Spec.Template.Spec;
        JsonNode config = Kustomize.Json(objects.OfType<V1ConfigMap>().Single(m => m.Metadata.Name == pod.Volumes.Single().ConfigMap.Name).Data["picker-config.yaml"]);
        Assert.Contains("--config-file=/config/picker-config.yaml", pod.Containers[0].Args);
        Assert.Equal(["apiVersion", "kind", "plugins", "schedulingProfiles"], config.AsObject().Select(p => p.Key));
        string[] plugins = [.. config["plugins"]!.AsArray().Select(p => (string)p!["type"]!)];
        Assert.All(config["schedulingProfiles"]![0]!["plugins"]!.AsArray(), p => Assert.Contains((string)p!["pluginRef"]!, plugins));
        JsonNode engine = config["plugins"]!.AsArray().Single(p => (string)p!["type"]! == "core-metrics-extractor")!["parameters"]!["engineConfigs"]![0]!;
        Assert.Equal(["cacheInfoSpec", "kvUsageSpec", "name", "queuedRequestsSpec", "runningRequestsSpec"], engine.AsObject().Select(p => p.Key).Order());
        Assert.Equal((string)engine["name"]!, server.Metadata.Labels["llm-d.ai/engine-type"]);

        JsonNode Of(string kind) => Kustomize.Json(documents.Single(d => d.Contains($"\nkind: {kind}\n", StringComparison.Ordinal) && !d.Contains("kind: ConfigMap", StringComparison.Ordinal)));
    }

    private static async Task<string[]> RenderAsync(string kustomization)
    {
        await Kustomize.SkipWhereAbsentAsync();
        if (kustomization != All)
            return await Kustomize.BuildAsync(kustomization);
        string folder = Directory.CreateTempSubdirectory("kustomize").FullName;
        try
        {
            string up = Path.GetRelativePath(folder, Kustomize.Folder);
            await File.WriteAllTextAsync(Path.Combine(folder, "kustomization.yaml"), $"""
                apiVersion: kustomize.config.k8s.io/v1beta1
                kind: Kustomization
                resources: [{up}/overlays/gpu]
                components: [{up}/components/gateway, {up}/components/monitoring, {up}/components/autoscaling, {up}/components/database]
                """, TestContext.Current.CancellationToken);
            return await Kustomize.BuildAsync(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static List<object> Read(IEnumerable<string> documents)
    {
        List<object> objects = [];
        foreach (string document in documents)
        {
            JsonNode json = Kustomize.Json(document);
            if (Types.TryGetValue($"{json["apiVersion"]}/{json["kind"]}", out Type? type))
                objects.AddRange(KubernetesYaml.LoadAllFromString(document, new Dictionary<string, Type> { [$"{json["apiVersion"]}/{json["kind"]}"] = type }, strict: true));
        }
        return objects;
    }

    private static V1PodTemplateSpec Server(IEnumerable<object> objects) => objects.OfType<V1Deployment>().Single(d => d.Metadata.Name == "gemma4").Spec.Template;

    private static async Task<V1PodTemplateSpec> ServerAsync(string kustomization) => Server(Read(await RenderAsync(kustomization)));

    private static IEnumerable<(string Name, V1PodTemplateSpec Template)> Pods(IEnumerable<string> documents)
    {
        List<object> objects = Read(documents);
        return objects.OfType<V1Deployment>().Select(d => (d.Metadata.Name, d.Spec.Template)).Concat(objects.OfType<V1Job>().Select(j => (j.Metadata.Name, j.Spec.Template)));
    }

    private static bool Selects(IDictionary<string, string> labels, V1PodTemplateSpec pod) => labels.All(pod.Metadata.Labels.Contains);

    private static Dictionary<string, string> Labels(JsonNode selector) => selector["matchLabels"]!.AsObject().ToDictionary(l => l.Key, l => (string)l.Value!);

    private static JsonSchema Schema(string kind)
    {
        string file = Path.Combine(RepositoryPaths.Fixtures, "kubernetes", $"{kind}.json");
        Assert.True(File.Exists(file), $"{kind} is of no kind that is known here: a type of the client's, or a schema by reference/make_kubernetes_schemas.py");
        return JsonSchema.FromText(File.ReadAllText(file));
    }

    private static void CheckBySchema(string kind, JsonNode json)
    {
        EvaluationResults results = Schema(kind).Evaluate(Element(json), new EvaluationOptions { OutputFormat = OutputFormat.List });
        Assert.True(results.IsValid, $"{kind}: {JsonSerializer.Serialize(results)}");
    }

    private static JsonElement Element(JsonNode node) => JsonElement.Parse(node.ToJsonString());

    [GeneratedRegex(@"\bgemma4_\w+")]
    private static partial Regex MetricName();
}
