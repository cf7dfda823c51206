using System.Runtime.InteropServices;

namespace Gemma4.Server.Terminal;

/// <summary>Ctrl-C, which ends an answer and not the program.</summary>
internal sealed class Interrupts : IDisposable
{
    private readonly PosixSignalRegistration _registration;
    private CancellationTokenSource? _answer;

    public Interrupts() => _registration = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
    {
        context.Cancel = true;
        Interrupt();
    });

    /// <summary>Told of a Ctrl-C while there is no answer.</summary>
    public Action Idle { get; set; } = () => { };

    /// <summary>What Ctrl-C does.</summary>
    public void Interrupt()
    {
        if (Volatile.Read(ref _answer) is { } answer)
            answer.Cancel();
        else
            Idle();
    }

    /// <summary>An answer begins. Not disposed, so that a Ctrl-C that comes as it ends finds it; it has no timer.</summary>
    public CancellationTokenSource Begin(CancellationToken cancellationToken)
    {
        var answer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Volatile.Write(ref _answer, answer);
        return answer;
    }

    /// <summary>It has ended.</summary>
    public void End() => Volatile.Write(ref _answer, null);

    /// <inheritdoc/>
    public void Dispose() => _registration.Dispose();
}
