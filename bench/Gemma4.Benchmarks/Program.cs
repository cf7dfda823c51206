using Gemma4.Benchmarks.Vision;

// dotnet run -c Release --project bench/Gemma4.Benchmarks -- pictures
switch (args.FirstOrDefault())
{
    case "pictures":
        PictureBenchmark.Run(Console.Out);
        return 0;
    default:
        Console.Error.WriteLine("usage: pictures");
        return 2;
}
