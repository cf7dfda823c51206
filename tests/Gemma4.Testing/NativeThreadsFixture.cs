using System.Runtime.CompilerServices;
using Gemma4.Engine.Backends.Torch;

namespace Gemma4.Testing;

/// <summary>Tests run beside other tests: libtorch's threads must sleep while they wait.</summary>
internal static class NativeThreadsFixture
{
    [ModuleInitializer]
    internal static void Configure() => NativeThreads.Configure();
}
