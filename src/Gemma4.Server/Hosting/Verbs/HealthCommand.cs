using System.CommandLine;
using Gemma4.Server.Hub;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Hosting;

/// <summary><c>health</c>: whether the server of the same settings serves. The health check of containers, whose images have no other client.</summary>
internal static class HealthCommand
{
    private const int MaxAnswerBytes = 64 << 10;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    public static Command Create(TextWriter output, TextWriter errors)
    {
        var command = new Command("health", "Ask the server of these settings on this machine whether it serves: exit code 0 or 1. It takes the switches of serve.");
        command.TreatUnmatchedTokensAsErrors = false; // they are the server's
        command.SetAction((result, cancellationToken) => AskAsync(Address(result.UnmatchedTokens), output, errors, cancellationToken));
        return command;
    }

    private static Uri Address(IReadOnlyList<string> switches)
    {
        using var configuration = new ConfigurationManager();
        OptionsBinding.AddSources(configuration, switches);
        ServerOptions options = OptionsBinding.Read<ServerOptions>(configuration, ServerOptions.Section);
        return options.Port != 0
            ? new Uri($"{ListenAddress.Reachable(ListenAddress.Urls(options)[0])}/health")
            : throw new OptionsException("Server:Port is 0, a free port that only the server knows: name the port that it took with --port.");
    }

    private static async Task<int> AskAsync(Uri address, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        // It asks the address that it would itself listen on, not the name that a certificate is for, and sends nothing secret.
        using var handler = new SocketsHttpHandler { UseProxy = false, SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } };
        using var client = new HttpClient(handler) { Timeout = Limit, MaxResponseContentBufferSize = MaxAnswerBytes };
        try
        {
            using HttpResponseMessage response = await client.GetAsync(address, cancellationToken);
            string answer = HubText.Line(await response.Content.ReadAsStringAsync(cancellationToken));
            await (response.IsSuccessStatusCode ? output : errors).WriteLineAsync($"{address} {(int)response.StatusCode} {answer}");
            return response.IsSuccessStatusCode ? ExitCodes.Done : ExitCodes.Failed;
        }
        catch (HttpRequestException exception)
        {
            await errors.WriteLineAsync($"{address} does not answer: {exception.GetBaseException().Message}");
            return ExitCodes.Failed;
        }
        catch (TaskCanceledException exception) when (exception.InnerException is TimeoutException)
        {
            await errors.WriteLineAsync($"{address} does not answer within {Limit.TotalSeconds} s.");
            return ExitCodes.Failed;
        }
    }
}
