using Gemma4.Server.Hub;
using Xunit;

namespace Gemma4.Server.Tests.Hub;

public sealed class HubSettingsTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("gemma4-home-").FullName;

    [Theory]
    [InlineData("", "HOME/.cache/huggingface/hub")]
    [InlineData("XDG_CACHE_HOME=/x", "/x/huggingface/hub")]
    [InlineData("XDG_CACHE_HOME=/x HF_HOME=/h", "/h/hub")]
    [InlineData("HF_HOME=~/models", "HOME/models/hub")]
    [InlineData("HF_HOME=/h HF_HUB_CACHE=/c", "/c")]
    [InlineData("BIG=/disk HF_HOME=$BIG/${USER}s/$NONE USER=me", "/disk/mes/$NONE/hub")]
    [InlineData("HF_HOME=/h HUGGINGFACE_HUB_CACHE=/old", "/old")]
    [InlineData("HUGGINGFACE_HUB_CACHE=/old HF_HUB_CACHE=/c", "/c")]
    public void The_cache_is_where_huggingface_hub_has_it(string environment, string folder) =>
        Assert.Equal(folder.Replace("HOME", _home, StringComparison.Ordinal), Read(environment).CacheFolder);

    [Theory]
    [InlineData("HF_HUB_OFFLINE=1", true)]
    [InlineData("HF_HUB_OFFLINE=yes", true)]
    [InlineData("TRANSFORMERS_OFFLINE=true", true)]
    [InlineData("HF_HUB_OFFLINE=0 TRANSFORMERS_OFFLINE=1", false)]
    [InlineData("", false)]
    public void Offline_is_a_variable(string environment, bool isOffline) => Assert.Equal(isOffline, Read(environment).IsOffline);

    [Fact]
    public void The_token_is_that_of_the_environment_else_that_of_the_file()
    {
        Assert.Null(Read("").Token);
        string hubHome = Path.Combine(_home, ".cache", "huggingface");
        Directory.CreateDirectory(hubHome);
        File.WriteAllText(Path.Combine(hubHome, "token"), "hf_file\n");
        Assert.Equal("hf_file", Read("").Token);
        Assert.Equal("hf_old", Read("HUGGING_FACE_HUB_TOKEN=hf_old").Token);
        Assert.Equal("hf_new", Read("HUGGING_FACE_HUB_TOKEN=hf_old HF_TOKEN=hf_new").Token);
        Assert.Null(Read("HF_TOKEN_PATH=/nowhere/token").Token);
        Assert.Null(Read("HF_TOKEN=hf_new HF_HUB_DISABLE_IMPLICIT_TOKEN=1").Token);
    }

    [Fact]
    public void A_token_that_no_header_can_carry_is_refused_without_showing_it()
    {
        string message = Assert.Throws<HubException>(() => Read("HF_TOKEN=hf_gëheim")).Message;
        Assert.Contains("HF_TOKEN", message, StringComparison.Ordinal);
        Assert.DoesNotContain("heim", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("huggingface.co")]
    [InlineData("ftp://huggingface.co")]
    [InlineData("https://me:secret@huggingface.co")]
    [InlineData("https://huggingface.co?x=1")]
    public void An_endpoint_that_is_none_is_refused(string endpoint) =>
        Assert.Contains("HF_ENDPOINT", Assert.Throws<HubException>(() => Read($"HF_ENDPOINT={endpoint}")).Message, StringComparison.Ordinal);

    [Fact]
    public void An_endpoint_may_have_a_path() => Assert.Equal("https://mirror.example/hf", Read("HF_ENDPOINT=https://mirror.example/hf/").Endpoint.AbsoluteUri);

    public void Dispose() => Directory.Delete(_home, recursive: true);

    private HubSettings Read(string environment)
    {
        var variables = environment.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(v => v.Split('=', 2)).ToDictionary(v => v[0], v => v[1]);
        return HubSettings.Read(name => variables.GetValueOrDefault(name), _home);
    }
}
