using System.CommandLine;
using Gemma4.Server.Hub;

namespace Gemma4.Server.Hosting;

/// <summary><c>list</c>: the models in the cache.</summary>
internal static class ListCommand
{
    public static Command Create(TextWriter output)
    {
        var command = new Command("list", "List the models in the Hugging Face cache: name, revision, size, form, path.");
        command.SetAction(_ =>
        {
            HubSettings settings = HubSettings.Read();
            string[][] rows =
            [
                ["NAME", "REVISION", "SIZE", "FORM", "PATH"],
                .. HubListing.Of(new HubCache(settings.CacheFolder, settings.UsesLinks)).Select(m => new[] { m.Name, m.Revision, HubText.Bytes(m.SizeBytes), m.Form, m.Path }),
            ];
            if (rows.Length == 1)
            {
                output.WriteLine($"No models in {settings.CacheFolder}. Fetch one with gemma4 pull google/gemma-4-E2B-it.");
                return ExitCodes.Done;
            }
            int[] widths = [.. Enumerable.Range(0, rows[0].Length - 1).Select(column => rows.Max(row => row[column].Length))];
            foreach (string[] row in rows)
                output.WriteLine(string.Join("  ", row.Select((cell, column) => column < widths.Length ? cell.PadRight(widths[column]) : cell)));
            return ExitCodes.Done;
        });
        return command;
    }
}
