using System.Text.Json.Serialization;
using Gemma4.Server.Errors;

namespace Gemma4.Server.OpenAI;

/// <summary>Every answer that is not 2xx has this body.</summary>
/// <param name="Error">The error.</param>
internal sealed record ErrorResponse(ErrorBody Error)
{
    public static ErrorResponse From(ApiError error) => new(new ErrorBody(error.Message, error.Type, error.Param, error.Code));
}

/// <summary>One error; all four keys are always there.</summary>
/// <param name="Message">What is wrong, in words.</param>
/// <param name="Type">Class of the error: <c>invalid_request_error</c>, <c>rate_limit_error</c>, <c>server_error</c>.</param>
/// <param name="Param">Path of the field at fault, such as <c>messages[0].content[1].type</c>.</param>
/// <param name="Code">The exact error, such as <c>context_length_exceeded</c>.</param>
internal sealed record ErrorBody(
    string Message,
    string Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Param,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Code);
