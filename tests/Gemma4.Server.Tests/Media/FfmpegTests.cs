using Gemma4.Server.Media;
using Xunit;

namespace Gemma4.Server.Tests.Media;

public sealed class FfmpegTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gemma4-test-path-");

    [Fact]
    public void Both_programs_are_needed_and_the_first_folder_that_has_one_wins()
    {
        string first = Folder("a"), second = Folder("b");
        string path = string.Join(Path.PathSeparator, first, second);
        Assert.Null(Ffmpeg.Find(path));
        string prober = Program(first, "ffprobe");
        Assert.Null(Ffmpeg.Find(path));
        Program(second, "ffprobe");
        string decoder = Program(second, "ffmpeg");
        Assert.Equal(new Ffmpeg(decoder, prober), Ffmpeg.Find(path));
    }

    [Fact]
    public void Folders_without_a_root_are_passed_over()
    {
        string folder = Folder("c");
        Program(folder, "ffprobe");
        Program(folder, "ffmpeg");
        Assert.NotNull(Ffmpeg.Find(folder));
        Assert.Null(Ffmpeg.Find(Path.GetRelativePath(Environment.CurrentDirectory, folder)));
        Assert.Null(Ffmpeg.Find(""));
        Assert.Null(Ffmpeg.Find(null));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private string Folder(string name) => _folder.CreateSubdirectory(name).FullName;

    private static string Program(string folder, string name)
    {
        string file = Path.Combine(folder, OperatingSystem.IsWindows() ? name + ".exe" : name);
        File.WriteAllText(file, "");
        return file;
    }
}
