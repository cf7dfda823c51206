using Gemma4.Engine.Backends.Torch;
using Gemma4.Server.Hosting;

NativeThreads.Configure();
return await Verbs.TryRunAsync(args, Console.Out) ?? await ServerRun.RunAsync(args);
