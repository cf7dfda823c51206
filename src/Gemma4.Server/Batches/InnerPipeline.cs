using System.Globalization;
using System.Text.Json;
using Gemma4.Server.Access;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Gemma4.Server.Batches;

/// <summary>Sends requests to this server without a socket, through all that a client's pass: checks, errors, logs, metrics, endpoints.</summary>
internal sealed class InnerPipeline(IServiceScopeFactory scopes)
{
    /// <summary>A longer answer is dropped: it is held in memory.</summary>
    private const int MaxAnswerBytes = 16 << 20;

    private readonly TaskCompletionSource<RequestDelegate> _composed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Takes what the application is made of, as its first middleware.</summary>
    public RequestDelegate Capture(RequestDelegate composed)
    {
        _composed.TrySetResult(composed);
        return composed;
    }

    /// <summary>Posts a line of a batch.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="body">JSON.</param>
    /// <param name="caller">Whose batch it is.</param>
    /// <param name="cancellationToken">Gives it up, as a client that leaves does.</param>
    public async Task<InnerAnswer> PostAsync(string path, byte[] body, Caller caller, CancellationToken cancellationToken)
    {
        RequestDelegate composed = await _composed.Task.WaitAsync(cancellationToken);
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        using var answer = new BoundedAnswer(MaxAnswerBytes);
        var bodyFeature = new StreamResponseBodyFeature(answer);
        var response = new InnerResponse();
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Method = HttpMethods.Post,
            Scheme = "http",
            Protocol = HttpProtocol.Http11,
            Path = path,
            RawTarget = path,
            Body = new MemoryStream(body),
            Headers = new HeaderDictionary { [HeaderNames.ContentType] = "application/json", ContentLength = body.Length },
        });
        features.Set<IHttpResponseFeature>(response);
        features.Set<IHttpResponseBodyFeature>(bodyFeature);
        features.Set<IHttpRequestLifetimeFeature>(new HttpRequestLifetimeFeature { RequestAborted = cancellationToken });
        features.Set<IHttpConnectionFeature>(new HttpConnectionFeature());
        features.Set(new BatchSender(caller));
        var context = new DefaultHttpContext(features) { RequestServices = scope.ServiceProvider };
        try
        {
            await composed(context);
            await response.StartAsync();
            await bodyFeature.CompleteAsync();
        }
        finally
        {
            await response.CompleteAsync();
        }
        cancellationToken.ThrowIfCancellationRequested();
        return Answer(context, answer);
    }

    private static InnerAnswer Answer(HttpContext context, BoundedAnswer answer)
    {
        TimeSpan? retry = long.TryParse(context.Response.Headers["retry-after-ms"], NumberStyles.None, CultureInfo.InvariantCulture, out long wait) ? TimeSpan.FromMilliseconds(wait) : null;
        return new InnerAnswer(context.Response.StatusCode, context.TraceIdentifier, answer.IsOver ? null : JsonElement.Parse(answer.GetBuffer().AsSpan(0, (int)answer.Length)), retry);
    }

    /// <summary>Runs at the end what is to run before the first byte goes out: until then an answer may still become an error.</summary>
    private sealed class InnerResponse : HttpResponseFeature
    {
        private readonly Stack<(Func<object, Task> Call, object State)> _starting = [], _completed = [];

        public override void OnStarting(Func<object, Task> callback, object state) => _starting.Push((callback, state));

        public override void OnCompleted(Func<object, Task> callback, object state) => _completed.Push((callback, state));

        public async Task StartAsync()
        {
            while (_starting.TryPop(out (Func<object, Task> Call, object State) callback))
                await callback.Call(callback.State);
        }

        public async Task CompleteAsync()
        {
            while (_completed.TryPop(out (Func<object, Task> Call, object State) callback))
                await callback.Call(callback.State);
        }
    }

    /// <summary>Drops what goes beyond a limit.</summary>
    private sealed class BoundedAnswer(int maxBytes) : MemoryStream
    {
        public bool IsOver { get; private set; }

        public override void Write(byte[] buffer, int offset, int count)
        {
            IsOver |= Length + count > maxBytes;
            if (!IsOver)
                base.Write(buffer, offset, count);
        }
    }
}

/// <summary>An answer.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="RequestId">As the log has it.</param>
/// <param name="Body">JSON; null where it was longer than may be.</param>
/// <param name="RetryAfter">When to try again; null where the answer does not say.</param>
internal sealed record InnerAnswer(int Status, string RequestId, JsonElement? Body, TimeSpan? RetryAfter);
