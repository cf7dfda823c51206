using Gemma4.Server.Settings;
using Microsoft.AspNetCore.Http.Headers;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Gemma4.Server.Page;

/// <summary>The page at <c>/</c>, on which people try the model, and the files below <c>/page</c> that it loads.</summary>
/// <remarks>The files hold no secret and need no key. What the page asks of the API brings the key that its user typed.</remarks>
internal static class PageEndpoints
{
    /// <summary>Where the page's files are; the page names them relative to itself, so that a proxy may serve it below a path.</summary>
    public const string Folder = "/page";

    /// <summary>What a browser lets the page do: load its own files, call its own server, show media that it was given. With trusted types and no
    /// policy for them, no text can become markup or code by any way the browser has.</summary>
    public const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data:; media-src blob: data:; "
        + "form-action 'none'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    /// <summary>What programs are told that ask for <c>/</c>: Claude Code and clients of Ollama's API look so whether there is a server.</summary>
    private const string Words = "A Gemma 4 is served here. Its API is described at /swagger.\n";

    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Serves the page, unless the options turn it off.</summary>
    public static void MapPage(this IEndpointRouteBuilder app)
    {
        bool isOff = app.ServiceProvider.GetRequiredService<IOptions<ServerOptions>>().Value.NoPage;
        IReadOnlyList<PageFile> files = isOff ? [] : PageFile.LoadAll();
        foreach (PageFile file in files.Where(file => file.Name != PageFile.Index))
            app.MapGet($"{Folder}/{file.Name}", (HttpResponse response) => Answer(response, file)).AllowAnonymous().ExcludeFromDescription();
        PageFile? page = files.FirstOrDefault(file => file.Name == PageFile.Index);
        app.MapMethods("/", Methods, (HttpContext context) => Root(context, page)).AllowAnonymous().ExcludeFromDescription();
    }

    private static IResult Root(HttpContext context, PageFile? page)
    {
        if (page is null)
            return Results.Text(Words);
        context.Response.Headers.Vary = HeaderNames.Accept;
        return AsksForHtml(context.Request.GetTypedHeaders()) ? Answer(context.Response, page) : Results.Text(Words);
    }

    /// <summary>Whether a browser asks: it names HTML, where programs take anything or JSON.</summary>
    private static bool AsksForHtml(RequestHeaders headers) => headers.Accept.Any(type => type.MediaType == "text/html" && type.Quality is not 0);

    private static IResult Answer(HttpResponse response, PageFile file)
    {
        IHeaderDictionary headers = response.Headers;
        headers.ContentSecurityPolicy = ContentPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "microphone=(self), camera=(), geolocation=()";
        // Kept, and asked for again each time: a server that was updated has its new page at once.
        headers.CacheControl = "no-cache";
        return Results.Bytes(file.Content, file.ContentType, entityTag: file.Tag);
    }
}
