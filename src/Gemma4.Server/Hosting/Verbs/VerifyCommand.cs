using System.CommandLine;
using Gemma4.Verification;

namespace Gemma4.Server.Hosting;

/// <summary><c>verify …</c>: a checkpoint, a template, a tokenizer, a parser, schemas against golden files.</summary>
internal static class VerifyCommand
{
    private static readonly (string Name, string Args, string Help, Func<IReadOnlyList<string>, TextWriter, bool> Run)[] Subjects =
    [
        ("models", "DIR", "every case of a folder laid out like tests/fixtures, with its largest error", ModelVerifier.Run),
        ("templates", "CHAT_JSON TEMPLATES_DIR", "every template and conversation", (args, output) => TemplateVerifier.Run(args, output) == 0),
        ("tokenizer", "CASES_JSON KEY=TOKENIZER_JSON…", "texts and their token ids", TokenizerVerifier.Run),
        ("parsing", "CASES_JSONL", "raw answers and what they must become, whole and at every split", ParsingVerifier.Run),
        ("structured", "SCHEMAS_JSONL", "JSON schemas with valid and invalid instances", StructuredVerifier.Run),
    ];

    public static Command Create(TextWriter output)
    {
        var command = new Command("verify", "Check checkpoints, templates, tokenizers, parsing and schemas against golden files.");
        foreach ((string name, string args, string help, Func<IReadOnlyList<string>, TextWriter, bool> run) in Subjects)
        {
            var arguments = new Argument<string[]>("ARGS") { HelpName = args, Arity = ArgumentArity.ZeroOrMore };
            var subject = new Command(name, help) { arguments };
            subject.SetAction(result => run(result.GetValue(arguments) ?? [], output) ? ExitCodes.Done : ExitCodes.Failed);
            command.Add(subject);
        }
        return command;
    }
}
