using System.Text;

namespace Gemma4.Server.Terminal;

/// <summary>Reads lines, and writes answers while they come.</summary>
internal sealed class ChatLoop(ChatClient client, Interrupts interrupts, TextReader input, TextWriter output, bool isInteractive, bool hasColors)
{
    private const string Help = """
        /image FILE   put an image to the next message     /system TEXT  what the model is told before the conversation
        /audio FILE   put an audio clip to it              /think EFFORT none, low, medium or high: how much it thinks
        /clear        begin anew                           /exit         leave (Ctrl-D too); Ctrl-C stops an answer
        A line that ends in \ goes on in the next.
        """;

    private const string Dim = "\u001b[2m", Plain = "\u001b[0m";

    private static readonly string[] Efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

    private readonly Conversation _conversation = new();

    /// <summary>What the model is told before the conversation.</summary>
    public string? System
    {
        init => _conversation.System = value;
    }

    /// <summary>Talks until the input ends or the user leaves.</summary>
    /// <exception cref="ChatException">The server does not answer at all.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        string model = await client.ModelAsync(cancellationToken);
        if (isInteractive)
            output.WriteLine($"{Printable(model)} at {client.Address}. /help lists what can be typed.");
        interrupts.Idle = () => output.Write(isInteractive ? "\n(/exit or Ctrl-D leaves)\n> " : "");
        while (await ReadAsync(cancellationToken) is { } line)
        {
            if (line is "/exit" or "/bye" or "/quit")
                return;
            try
            {
                if (line.StartsWith('/'))
                    Obey(line);
                else if (line.Trim().Length > 0)
                    await AnswerAsync(model, line, cancellationToken);
            }
            catch (ChatException exception)
            {
                output.WriteLine(Printable(exception.Message));
            }
        }
    }

    private async Task<string?> ReadAsync(CancellationToken cancellationToken)
    {
        var whole = new StringBuilder();
        while (true)
        {
            if (isInteractive)
                output.Write(whole.Length > 0 ? ". " : _conversation.NumAttached > 0 ? $"[{_conversation.NumAttached}] > " : "> ");
            if (await input.ReadLineAsync(cancellationToken) is not { } line)
                return whole.Length > 0 ? whole.ToString() : null;
            if (!line.EndsWith('\\'))
                return whole.Append(line).ToString();
            whole.Append(line, 0, line.Length - 1).Append('\n');
        }
    }

    private void Obey(string line)
    {
        (string command, string rest) = line.IndexOf(' ') is > 0 and int end ? (line[..end], line[(end + 1)..].Trim()) : (line, "");
        switch (command)
        {
            case "/image" when rest.Length > 0:
                _conversation.Attach(MediaPart.Image(rest));
                break;
            case "/audio" when rest.Length > 0:
                _conversation.Attach(MediaPart.Audio(rest));
                break;
            case "/system":
                _conversation.System = rest.Length > 0 ? rest : null;
                break;
            case "/think" when Efforts.Contains(rest):
                _conversation.Effort = rest;
                break;
            case "/clear":
                _conversation.Clear();
                break;
            case "/help":
                output.WriteLine(Help);
                break;
            default:
                throw new ChatException($"'{line}' is none of these:\n{Help}");
        }
    }

    private async Task AnswerAsync(string model, string question, CancellationToken cancellationToken)
    {
        var answer = new StringBuilder();
        CancellationTokenSource wanted = interrupts.Begin(cancellationToken);
        bool isThinking = false;
        try
        {
            await foreach (ChatPiece piece in client.AskAsync(_conversation.Ask(model, question), wanted.Token))
            {
                if (piece.IsThought != isThinking)
                    Turn(isThinking = piece.IsThought);
                if (!piece.IsThought)
                    answer.Append(piece.Text);
                output.Write(Printable(piece.Text));
                output.Flush();
            }
            _conversation.Answered(answer.ToString());
        }
        catch (OperationCanceledException) when (wanted.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // As much as was wanted of it.
            _conversation.Answered(answer.ToString());
            output.Write(" …");
        }
        catch (ChatException)
        {
            _conversation.Failed();
            throw;
        }
        finally
        {
            interrupts.End();
            if (isThinking)
                Turn(toThought: false);
            output.WriteLine();
        }
    }

    /// <summary>Thoughts are dim where there are colours, and in brackets where there are none.</summary>
    private void Turn(bool toThought) => output.Write(toThought ? (hasColors ? Dim : "[") : hasColors ? Plain + "\n" : "]\n");

    /// <summary>Text without what would move the cursor or change the terminal: it comes from a model, or from a server.</summary>
    private static string Printable(string text) => string.Concat(text.Where(c => !char.IsControl(c) || c is '\n' or '\t'));
}
