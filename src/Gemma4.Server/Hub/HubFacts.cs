using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace Gemma4.Server.Hub;

/// <summary>What the headers of an answer say of a file, held against what its repository's list says.</summary>
internal static partial class HubFacts
{
    /// <summary>Refuses an answer of the hub about another file than the one that was listed.</summary>
    /// <remarks><c>X-Repo-Commit</c>, and on a redirect to storage <c>X-Linked-Etag</c> and <c>X-Linked-Size</c>; the etag is the hash, as in the list
    /// (huggingface_hub, <c>file_download.py</c>, <c>get_hf_file_metadata</c>).</remarks>
    /// <exception cref="HubException">They do not agree.</exception>
    public static void Check(HttpResponseMessage answer, ModelName model, string commit, HubFile file)
    {
        Agree(Header(answer, "X-Repo-Commit"), commit, "commit");
        Agree(Header(answer, "X-Linked-Etag")?.Replace("W/", "", StringComparison.Ordinal).Trim('"'), file.Hash, "hash");
        Agree(Header(answer, "X-Linked-Size"), file.Size.ToString(CultureInfo.InvariantCulture), "size");

        void Agree(string? said, string listed, string what)
        {
            if (said is not null && said != listed)
            {
                throw new HubException($"{model.Repository} lists {file.Path} with the {what} {listed}, and its server now says {HubText.Line(said)}. "
                    + "The repository may just be changing: start again.");
            }
        }
    }

    /// <summary>Where in the file the bytes of an answer begin.</summary>
    /// <exception cref="HubException">It is another part than was asked for, or the file has another size than was listed.</exception>
    public static long Start(HttpResponseMessage answer, HubFile file, long from, long to)
    {
        string host = answer.RequestMessage!.RequestUri!.Host;
        if (answer.StatusCode != HttpStatusCode.PartialContent)
        {
            return answer.Content.Headers.ContentLength is { } length && length != file.Size
                ? throw new HubException($"{host} says that {file.Path} has {length} bytes, and its repository lists {file.Size}. The repository may just be changing: start again.")
                : 0;
        }
        ContentRangeHeaderValue? range = answer.Content.Headers.ContentRange;
        if (range?.From != from || range.To >= to || (range.Length is { } total && total != file.Size))
        {
            throw new HubException($"{host} sends {(range is null ? "an unnamed part" : HubText.Line(range.ToString()))} of {file.Path} where bytes {from}-{to - 1}/{file.Size} were asked for. "
                + "Something between here and the hub is broken: check HF_ENDPOINT and HTTPS_PROXY.");
        }
        return from;
    }

    /// <summary>The address of the next page of a list, from <c>Link: &lt;…&gt;; rel="next"</c> (RFC 8288).</summary>
    public static Uri? NextPage(HttpResponseMessage answer) =>
        Header(answer, "Link") is { } link && Next().Match(link) is { Success: true } next && Uri.TryCreate(answer.RequestMessage!.RequestUri, next.Groups[1].Value, out Uri? page) ? page : null;

    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(", ", values) : null;

    [GeneratedRegex("""<([^>]{1,4096})>\s*;\s*rel="?next"?""")]
    private static partial Regex Next();
}
