using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;

namespace Gemma4.Server.Tests.Hub;

/// <summary>Makes a hub fail at random: a third of its answers, each in one of many ways.</summary>
internal sealed class RandomFaults(LoopbackHub hub, int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>How often it failed.</summary>
    public int Count { get; private set; }

    /// <summary>See <see cref="LoopbackHub.Interfere"/>.</summary>
    public async Task<bool> InterfereAsync(HttpContext context, bool isStorage)
    {
        int kind, where;
        lock (_random)
        {
            if (_random.Next(3) > 0)
                return false;
            Count++;
            (kind, where) = (_random.Next(10), _random.Next(1 << 20));
        }
        byte[]? bytes = isStorage ? hub.Stored(context) : null;
        switch (kind)
        {
            case 0:
                context.Abort();
                return true;
            case 1:
                return await LoopbackHub.RefuseAsync(context, HttpStatusCode.InternalServerError, null, "Oops\nagain");
            case 2:
                context.Response.Headers.RetryAfter = "0";
                return await LoopbackHub.RefuseAsync(context, HttpStatusCode.TooManyRequests, null, "Too many requests");
            case 3:
                context.Response.StatusCode = 403; // an expired signature, in XML
                await context.Response.WriteAsync("<Error><Code>AccessDenied</Code></Error>");
                return true;
            case 4 when bytes is not null: // no ranges
                context.Request.Headers.Remove("Range");
                return false;
            case 5 or 6 when bytes is not null: // ends early
                (int from, int to) = LoopbackHub.PartOf(context, bytes.Length);
                context.Response.StatusCode = context.Request.Headers.Range.Count > 0 ? 206 : 200;
                if (context.Request.Headers.Range.Count > 0)
                    context.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{to - 1}/{bytes.Length}");
                if (kind == 5)
                    context.Response.ContentLength = to - from; // a lie
                await context.Response.Body.WriteAsync(bytes.AsMemory(from, where % (to - from)));
                await context.Response.Body.FlushAsync();
                if (kind == 5)
                    context.Abort();
                return true;
            case 7 when bytes is not null: // wrong bytes
                byte[] wrong = [.. bytes];
                wrong[where % wrong.Length] ^= 0x40;
                await LoopbackHub.SendAsync(context, wrong);
                return true;
            case 8 when bytes is not null: // too many bytes
                byte[] more = [.. bytes, .. bytes];
                await LoopbackHub.SendAsync(context, more);
                return true;
            case 9: // nonsense in JSON's place, or in a file's
                await context.Response.WriteAsync("{\"");
                return true;
            default:
                context.Abort();
                return true;
        }
    }
}
