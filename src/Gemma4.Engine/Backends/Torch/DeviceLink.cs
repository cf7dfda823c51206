using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>The only way of numbers between host memory and the device during steps, and the only place where a step waits for the device.</summary>
/// <remarks>
/// What goes up is written into page-locked memory and copied while the device works on; that memory is written anew when the next step begins,
/// so a step must have been waited for by then. What comes down is waited for. On a CPU nothing is copied, and waits are counted all the same.
/// </remarks>
/// <param name="device">The device.</param>
internal sealed unsafe class DeviceLink(Device device) : IDisposable
{
    private const long FirstBytes = 1 << 20;

    /// <summary>Pieces begin at its multiples, whatever is stored in them.</summary>
    private const long Alignment = 64;

    private readonly List<Tensor> _staging = [];      // bytes; the last one is being filled
    private long _used;                               // bytes of the last one
    private Tensor? _received;
    private bool _isWaitedFor = true;

    /// <summary>The device.</summary>
    public Device Device => device;

    /// <summary>How often the host has waited for the device.</summary>
    public long NumWaits { get; private set; }

    private bool IsHost => device.type == DeviceType.CPU;

    /// <summary>Begins a step: what was sent before is no longer valid in host memory.</summary>
    public void Begin()
    {
        if (!_isWaitedFor)
            Wait();
        _isWaitedFor = false;
        if (_staging.Count > 1)
        {
            long bytes = _staging.Sum(s => s.numel());
            DisposeStaging();
            _staging.Add(HostBytes(bytes));
        }
        _used = 0;
    }

    /// <summary>Page-locked memory to be filled and sent in this step.</summary>
    public byte* Reserve(long bytes)
    {
        bytes = (bytes + Alignment - 1) / Alignment * Alignment;
        if (_staging.Count == 0 || _used + bytes > _staging[^1].numel())
        {
            _staging.Add(HostBytes(Math.Max(bytes, FirstBytes)));
            _used = 0;
        }
        byte* reserved = (byte*)HostPointer.Of(_staging[^1]) + _used;
        _used += bytes;
        return reserved;
    }

    /// <summary>Copies reserved memory to the device, in order with its work.</summary>
    /// <returns>A tensor outside every dispose scope; the caller owns it. On a CPU it lies in the reserved memory and lasts for the step.</returns>
    public Tensor Send(byte* reserved, ScalarType dtype, ReadOnlySpan<long> shape)
    {
        Tensor host = NativeTensor.Over(reserved, dtype, shape);
        return IsHost ? host : host.to(device, disposeAfter: true, non_blocking: true).DetachFromDisposeScope();
    }

    /// <summary>Copies numbers to the device as <c>[n]</c> int64; the caller owns the tensor, which lasts for the step.</summary>
    public Tensor Send(ReadOnlySpan<int> numbers)
    {
        byte* reserved = Reserve((long)numbers.Length * sizeof(long));
        var wide = new Span<long>(reserved, numbers.Length);
        for (int i = 0; i < numbers.Length; i++)
            wide[i] = numbers[i];
        return Send(reserved, ScalarType.Int64, [numbers.Length]);
    }

    /// <summary>Brings numbers to host memory. Waits for the device.</summary>
    /// <param name="values">Float32.</param>
    /// <returns>Row-major; valid until the next call.</returns>
    public float* Receive(Tensor values)
    {
        NumWaits++;
        _isWaitedFor = true;
        if (IsHost)
        {
            _received?.Dispose();
            _received = values.contiguous().DetachFromDisposeScope();
            return (float*)HostPointer.Of(_received);
        }
        long bytes = values.numel() * sizeof(float);
        if (_received is null || _received.numel() < bytes)
        {
            _received?.Dispose();
            _received = HostBytes(bytes);
        }
        byte* landing = (byte*)HostPointer.Of(_received);
        using Tensor target = NativeTensor.Over(landing, ScalarType.Float32, values.shape);
        target.copy_(values).Dispose();
        return (float*)landing;
    }

    /// <summary>Waits until the device has done all that it was given.</summary>
    public void Wait()
    {
        NumWaits++;
        _isWaitedFor = true;
        if (!IsHost)
            cuda.synchronize(device);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isWaitedFor)
            Wait();
        DisposeStaging();
        _received?.Dispose();
    }

    private void DisposeStaging()
    {
        foreach (Tensor bytes in _staging)
            bytes.Dispose();
        _staging.Clear();
    }

    /// <summary>Memory of the host, page-locked where a device copies from it.</summary>
    private Tensor HostBytes(long count)
    {
        Tensor bytes = empty([count], dtype: ScalarType.Byte).DetachFromDisposeScope();
        if (IsHost)
            return bytes;
        Tensor locked = bytes.pin_memory().DetachFromDisposeScope();
        bytes.Dispose();
        return locked;
    }
}
