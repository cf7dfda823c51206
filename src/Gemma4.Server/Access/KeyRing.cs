using System.Security.Cryptography;
using Gemma4.Server.Limits;
using Gemma4.Server.Settings;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Access;

/// <summary>The keys that let requests in, from the options and from a file or folder that is read again when it changes.</summary>
internal sealed class KeyRing : IDisposable
{
    private readonly ServerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly FileWatch? _watch;
    private volatile Entry[] _entries = [];

    /// <summary>Reads the keys.</summary>
    /// <exception cref="OptionsException">The file cannot be used, or there is no key although there is to be one.</exception>
    public KeyRing(IOptions<ServerOptions> options, TimeProvider time, ILogger<KeyRing> log)
    {
        (_options, _time, _log) = (options.Value, time, log);
        IsRequired = _options.HasKeys;
        string? file = _options.ApiKeyFile;
        if (file is not null)
            _watch = new FileWatch([file], time, Reload);
        Take(ReadAll());
        if (IsRequired && _entries.Length == 0)
            throw new OptionsException($"{file} holds no key, so that nobody could use this server. Put one into it, or leave --api-key-file away.");
    }

    /// <summary>Whether requests need a key.</summary>
    public bool IsRequired { get; }

    /// <summary>The key of this text, with what its holder uses; null where there is none.</summary>
    /// <remarks>Compares with every key in constant time, so that time tells nothing.</remarks>
    public (ApiKey Key, KeyUsage Usage)? Find(string key)
    {
        byte[] hash = ApiKey.HashOf(key);
        Entry? found = null;
        foreach (Entry entry in _entries)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, entry.Key.Hash))
                found = entry;
        }
        return found is null ? null : (found.Key, found.Usage);
    }

    /// <summary>What a caller uses; null where its key is gone, or it never had one.</summary>
    public KeyUsage? UsageOf(Caller caller) => Array.FindLast(_entries, entry => entry.Key.Id == caller.Id)?.Usage;

    /// <inheritdoc/>
    public void Dispose() => _watch?.Dispose();

    /// <summary>The file's keys last: <see cref="Find"/> takes the last where both have one, and the file's has limits.</summary>
    private IEnumerable<ApiKey> ReadAll() => [.. _options.ApiKeys.Distinct(StringComparer.Ordinal).Select(ApiKey.Unnamed), .. _options.ApiKeyFile is { } file ? KeyFile.Read(file) : []];

    private void Reload()
    {
        try
        {
            Take(ReadAll());
            if (_entries.Length == 0)
                _log.NoKeyLeft(_options.ApiKeyFile!);
            else
                _log.KeysReloaded(_entries.Length, _options.ApiKeyFile!);
        }
        catch (OptionsException exception)
        {
            _log.KeysKept(exception.Message);
        }
    }

    /// <summary>What a key has used stays counted while its limits change.</summary>
    private void Take(IEnumerable<ApiKey> keys)
    {
        var before = new Dictionary<(string Id, string Name), KeyUsage>();
        foreach (Entry entry in _entries)
            before[(entry.Key.Id, entry.Key.Name)] = entry.Usage;
        _entries =
        [
            .. keys.Select(key =>
            {
                if (!before.TryGetValue((key.Id, key.Name), out KeyUsage? usage))
                    return new Entry(key, new KeyUsage(key.Name, key.Limits, _time));
                usage.Limits = key.Limits;
                return new Entry(key, usage);
            }),
        ];
    }

    private sealed record Entry(ApiKey Key, KeyUsage Usage);
}
