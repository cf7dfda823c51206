namespace Gemma4.Server.Hosting;

/// <summary>What the program tells whoever started it, whatever its verb.</summary>
internal static class ExitCodes
{
    /// <summary>It did what it was asked to, or served and was told to stop.</summary>
    public const int Done = 0;

    /// <summary>The model cannot be served or had, or a check found something wrong.</summary>
    public const int Failed = 1;

    /// <summary>The call or a setting is wrong, or the address is not to be had.</summary>
    public const int WrongCall = 2;

    /// <summary>The engine failed while it served, or a step of it hung: a new process may serve.</summary>
    public const int EngineFailed = 3;
}
