using Gemma4.Server.Access;
using Gemma4.Server.Settings;
using Xunit;

namespace Gemma4.Server.Tests.Access;

public sealed class KeyFileTests : IDisposable
{
    private const string Hash = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"; // of "secret"

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Json_file_gives_names_hashes_and_limits()
    {
        string path = _folder.Write("keys.json", $$"""
            {"keys": [
              {"name": "alice", "key": "secret", "requests_per_minute": 60, "tokens_per_minute": 100000, "max_concurrent": 4, "models": ["a", "b"], "priority": -1},
              {"name": "bob@example.org", "sha256": "{{new string('A', 64)}}"}]}
            """);
        ApiKey[] keys = [.. KeyFile.Read(path)];
        Assert.Equal(("alice", Hash), (keys[0].Name, keys[0].Id));
        Assert.Equal((60, 100000, 4, -1), (keys[0].Limits.RequestsPerMinute, keys[0].Limits.TokensPerMinute, keys[0].Limits.MaxConcurrent, keys[0].Limits.Priority));
        Assert.Equal(["a", "b"], keys[0].Limits.Models);
        Assert.Equal(("bob@example.org", new string('a', 64)), (keys[1].Name, keys[1].Id));
        Assert.Equal((null, null, null, 0), (keys[1].Limits.RequestsPerMinute, keys[1].Limits.TokensPerMinute, keys[1].Limits.MaxConcurrent, keys[1].Limits.Priority));
        Assert.Empty(keys[1].Limits.Models);
    }

    [Fact]
    public void Folder_has_a_file_a_key_and_hidden_ones_are_left_out()
    {
        _folder.Write("..2026_01_01/alice", "secret\n");
        _folder.Write(".hidden", "not a key");
        _folder.Write("bob", "other");
        Directory.CreateSymbolicLink(_folder["..data"], "..2026_01_01");
        File.CreateSymbolicLink(_folder["alice"], Path.Combine("..data", "alice"));
        Assert.Equal([("alice", Hash), ("bob", ApiKey.Unnamed("other").Id)], KeyFile.Read(_folder.Path).Select(key => (key.Name, key.Id)));
    }

    [Theory]
    [InlineData("", "is not valid JSON: line 1")]
    [InlineData("{\"keys\": [", "is not valid JSON")]
    [InlineData("[]", "expected an object with the list 'keys'")]
    [InlineData("{\"keys\": {}}", "expected an object with the list 'keys'")]
    [InlineData("{\"keys\": [], \"more\": 1}", "'more' is not a field beside 'keys'")]
    [InlineData("{\"keys\": [], \"keys\": []}", "is not valid JSON")]
    [InlineData("{\"keys\": [1]}", "keys[0] is not an object")]
    [InlineData("{\"keys\": [{\"key\": \"sk\"}]}", "keys[0] has no 'name'")]
    [InlineData("{\"keys\": [{\"name\": \"a b\", \"key\": \"sk\"}]}", "keys[0].name is 'a b'; a name is 1 to 64 letters")]
    [InlineData("{\"keys\": [{\"name\": \"a\"}]}", "keys[0] ('a') needs either 'key' or 'sha256'")]
    [InlineData("{\"keys\": [{\"name\": \"a\", \"key\": \"sk\", \"sha256\": \"00\"}]}", "needs either 'key' or 'sha256'")]
    [InlineData("{\"keys\": [{\"name\": \"a\", \"key\": \"s k\"}]}", "keys[0] ('a').key is no key")]
    [InlineData("{\"keys\": [{\"name\": \"a\", \"key\": 7}]}", "keys[0] ('a').key is not a text")]
    [InlineData("{\"keys\": [{\"name\": \"a\", \"sha256\": \"00\"}]}", "printf %s KEY | sha256sum")]
    [InlineData("{\"keys\": [{\"name\": \"a\", \"key\": \"sk\", \"rpm\": 1}]}", "'rpm' is not a field of a key. There are name, key")]
    [InlineData("{\"keys\": [{\"name\": \"a\", \"key\": \"sk\", \"requests_per_minute\": 0}]}", "requests_per_minute is not a whole number from 1")]
    [InlineData("{\"keys\": [{\"name\": \"a\", \"key\": \"sk\", \"tokens_per_minute\": 1.5}]}", "tokens_per_minute is not a whole number")]
    [InlineData("{\"keys\": [{\"name\": \"a\", \"key\": \"sk\", \"max_concurrent\": 99999999999}]}", "max_concurrent is not a whole number")]
    [InlineData("{\"keys\": [{\"name\": \"a\", \"key\": \"sk\", \"priority\": \"high\"}]}", "priority is not a whole number")]
    [InlineData("{\"keys\": [{\"name\": \"a\", \"key\": \"sk\", \"models\": []}]}", "models is not a list of 1 to 256")]
    [InlineData("{\"keys\": [{\"name\": \"a\", \"key\": \"sk\", \"models\": [1]}]}", "models is not a list")]
    [InlineData("{\"keys\": [{\"name\": \"a\", \"key\": \"sk\"}, {\"name\": \"a\", \"key\": \"sl\"}]}", "two keys are named 'a' and 'a'")]
    [InlineData("{\"keys\": [{\"name\": \"a\", \"key\": \"sk\"}, {\"name\": \"b\", \"key\": \"sk\"}]}", "two keys have the same hash 'a' and 'b'")]
    [InlineData("{\"keys\": [[[[[[[[[]]]]]]]]]}", "is not valid JSON")]
    [InlineData("{\"keys\": [{\"name\": \"\\ud800\", \"key\": \"sk\"}]}", "not valid Unicode")]
    public void Wrong_file_is_refused_by_name_entry_and_fix(string text, string message)
    {
        string path = _folder.Write("keys.json", text);
        string said = Assert.Throws<OptionsException>(() => KeyFile.Read(path)).Message;
        Assert.StartsWith(path, said, StringComparison.Ordinal);
        Assert.Contains(message, said, StringComparison.Ordinal);
    }

    [Fact]
    public void Message_of_malformed_json_does_not_quote_a_key()
    {
        string path = _folder.Write("keys.json", "{\"keys\": [{\"name\": \"a\", \"key\": sk-very-secret}]}");
        Assert.DoesNotContain("secret", Assert.Throws<OptionsException>(() => KeyFile.Read(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a b", "sk", "the file's name is the key's")]
    [InlineData("a", "", "the file's content is the key")]
    [InlineData("a", "s k", "the file's content is the key")]
    public void Wrong_file_of_a_folder_is_refused_by_name(string name, string content, string message)
    {
        string path = _folder.Write(name, content);
        string said = Assert.Throws<OptionsException>(() => KeyFile.Read(_folder.Path)).Message;
        Assert.StartsWith(path, said, StringComparison.Ordinal);
        Assert.Contains(message, said, StringComparison.Ordinal);
    }

    [Fact]
    public void File_that_is_absent_or_endless_is_refused()
    {
        Assert.Contains("cannot be read", Assert.Throws<OptionsException>(() => KeyFile.Read(_folder["none"])).Message, StringComparison.Ordinal);
        Assert.SkipUnless(OperatingSystem.IsLinux(), "has /dev/zero");
        Assert.Contains("larger than", Assert.Throws<OptionsException>(() => KeyFile.Read("/dev/zero")).Message, StringComparison.Ordinal);
    }
}
