using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gemma4.Server.BatchFiles;

/// <summary>The one way these files are written.</summary>
internal static class BatchJson
{
    /// <summary>Escapes only what JSON demands: text stays readable and short.</summary>
    public static BatchJsonContext Context { get; } = new(new JsonSerializerOptions(BatchJsonContext.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
