namespace Gemma4.Engine.Backends.Torch;

internal static class TorchBackend
{
    public static Backend Create(int? cuda, bool rounds, KvFormat? kv) => throw new NotSupportedException();
}
