using Gemma4.Engine.Backends.Torch;
using Gemma4.Server.Hosting;

NativeThreads.Configure();
return await Verbs.RunAsync(args, Console.In, Console.Out, Console.Error);
