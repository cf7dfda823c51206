using System.Diagnostics.Metrics;

namespace Gemma4.Testing;

/// <summary>Makes meters that carry this factory as their scope, so that a listener hears only its own test.</summary>
internal sealed class TestMeterFactory : IMeterFactory
{
    private readonly List<Meter> _meters = [];

    /// <inheritdoc/>
    public Meter Create(MeterOptions options)
    {
        var meter = new Meter(options.Name, options.Version, options.Tags, scope: this);
        _meters.Add(meter);
        return meter;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Meter meter in _meters)
            meter.Dispose();
    }
}
