using Gemma4.Server.Errors;
using Gemma4.Server.Settings;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Access;

/// <summary>Refuses what pages of other sites send, where <see cref="KnownSites"/> says that it is checked.</summary>
internal sealed class SiteMiddleware
{
    private readonly RequestDelegate _next;
    private readonly KnownSites _sites;

    public SiteMiddleware(RequestDelegate next, IOptions<ServerOptions> options, ILogger<SiteMiddleware> log)
    {
        (_next, _sites) = (next, new KnownSites(options.Value));
        if (!_sites.IsChecked && !options.Value.HasKeys)
            log.OpenToAll(options.Value.Host);
    }

    public Task InvokeAsync(HttpContext context)
    {
        if (!_sites.IsChecked)
            return _next(context);
        if (!_sites.KnowsHost(context.Request.Host.Host))
            throw new ApiException(ErrorTable.ForeignSite("Host", context.Request.Host.Host));
        string origin = context.Request.Headers.Origin.ToString();
        return _sites.KnowsOrigin(origin) ? _next(context) : throw new ApiException(ErrorTable.ForeignSite("Origin", origin));
    }
}
