namespace Gemma4.Server.Settings;

/// <summary>The files that settings were read from; later ones win.</summary>
/// <param name="Paths">Their full paths.</param>
internal sealed record SettingsFiles(IReadOnlyList<string> Paths);
