using System.Runtime.InteropServices;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Whether this program has libtorch. It is made for few platforms, is large, and computes images, audio clips and the torch backend.</summary>
public static class LibTorch
{
    private static readonly string[] FileNames = ["libLibTorchSharp.so", "libLibTorchSharp.dylib", "LibTorchSharp.dll"];

    /// <summary>True where its library lies where the program's native libraries are looked for. Nothing is loaded.</summary>
    public static bool IsPresent { get; } = Array.Exists(Folders(), folder => Array.Exists(FileNames, name => File.Exists(Path.Combine(folder, name))));

    /// <summary>What a person is told who asks for what it computes.</summary>
    public static string Absence => $"this program was built for {RuntimeInformation.RuntimeIdentifier} without libtorch, which computes that";

    /// <summary>Those that the host looks into, as it tells them to the runtime.</summary>
    private static string[] Folders() =>
        [AppContext.BaseDirectory, .. (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)];
}
