using Gemma4.Server.Settings;
using Xunit;

namespace Gemma4.Server.Tests.Settings;

public sealed class ListenAddressTests
{
    [Theory]
    [InlineData("127.0.0.1", 8000, "http://127.0.0.1:8000")]
    [InlineData("0.0.0.0", 1, "http://0.0.0.0:1")]
    [InlineData("::1", 8000, "http://[::1]:8000")]
    [InlineData("[::1]", 8000, "http://[::1]:8000")]
    [InlineData("localhost", 8000, "http://localhost:8000")]
    [InlineData("localhost", 0, "http://127.0.0.1:0")]
    public void Addresses_are_listened_on(string host, int port, string url) =>
        Assert.Equal([url], ListenAddress.Urls(new ServerOptions { Host = host, Port = port }));

    [Theory]
    [InlineData("http://127.0.0.1:8000", "http://127.0.0.1:8000")]
    [InlineData("http://0.0.0.0:1", "http://127.0.0.1:1")]
    [InlineData("http://[::]:1", "http://127.0.0.1:1")]
    [InlineData("http://192.0.2.1:80/", "http://192.0.2.1:80")]
    public void A_listener_on_every_address_is_reached_on_the_loopback(string url, string reachable) => Assert.Equal(reachable, ListenAddress.Reachable(url));

    [Fact]
    public void A_name_stands_for_the_addresses_it_resolves_to()
    {
        string name = System.Net.Dns.GetHostName();
        System.Net.IPAddress[] addresses;
        try
        {
            addresses = System.Net.Dns.GetHostAddresses(name);
        }
        catch (System.Net.Sockets.SocketException)
        {
            Assert.Skip("this machine's own name does not resolve");
            return;
        }
        Assert.Equal(
            addresses.Distinct().Select(a => $"http://{new System.Net.IPEndPoint(a, 8000)}"),
            ListenAddress.Urls(new ServerOptions { Host = name, Port = 8000 }));
    }

    [Theory]
    [InlineData("999.1.1.1", "--host")] // the web server listens on every address for these
    [InlineData("1.2.3.4.5", "--host")]
    [InlineData("nowhere.invalid", "--host")]
    [InlineData("*", "0.0.0.0")]
    [InlineData("+", "0.0.0.0")]
    [InlineData("http://127.0.0.1", "--host")]
    [InlineData("127.0.0.1:8000", "--host")]
    [InlineData("a b", "--host")]
    [InlineData("192.0.2.7", "an address of this machine")] // reserved for documentation
    public void What_is_no_address_of_this_machine_is_refused_naming_the_key_and_the_fix(string host, string fix)
    {
        OptionsException fault = Assert.Throws<OptionsException>(() => ListenAddress.Urls(new ServerOptions { Host = host }));
        Assert.Contains($"Server:Host '{host}'", fault.Message, StringComparison.Ordinal);
        Assert.Contains(fix, fault.Message, StringComparison.Ordinal);
    }
}
