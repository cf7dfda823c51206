using System.Runtime.InteropServices;
using Gemma4.Engine.Backends.Torch;
using Gemma4.GpuCheck;

if (GpuCheckArguments.TryParse(args) is not { } arguments)
{
    Console.Error.WriteLine(GpuCheckArguments.Usage);
    return 2;
}
if (arguments.Device != "cpu")
    NativeLibrary.Load("libtorch_cuda.so");      // before TorchSharp's first call, which would otherwise settle for the CPU
NativeThreads.Configure();
return new GpuCheck(arguments).Run() ? 0 : 1;
