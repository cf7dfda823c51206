using System.Text.Json;
using Gemma4.Server.Errors;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>Rules about several fields at once, after each is right by itself and before items are looked into.</summary>
internal static class ResponseRules
{
    public static void Check(ResponseRequest request, ApiOptions options)
    {
        bool goesOn = request.PreviousResponseId is not null || request.Conversation is not null;
        if (request.Input is null && !goesOn)
            throw Fault.Missing("input");
        if (request.Input?.Items is { Length: 0 } && !goesOn)
            throw Fault.EmptyArray("input");
        if (request.PreviousResponseId is not null && request.Conversation is not null)
            throw Fault.Of("'previous_response_id' and 'conversation' cannot be used together.", "conversation", "mutually_exclusive_parameters");
        FieldRules.CheckStream(request);
        FieldRules.CheckLimits(request, options.MaxN, options.MaxStopStrings);
        FieldRules.CheckMetadata(request.Metadata);
        if (request.N > 1)
            throw Fault.UnsupportedParameter("n", "is not supported in the Responses API.");
        if (request.Background == true && request.Store == false)
            throw Fault.Of("'background' needs 'store': a response that is not kept cannot be asked for.", "background", "invalid_parameter_combination");
        if (request.Text?.Format is { Type: "json_schema" } format)
            CheckSchema(format);
    }

    private static void CheckSchema(ResponseTextFormat format)
    {
        if (format.Name is null)
            throw Fault.Missing("text.format.name");
        if (format.Schema is not { } schema)
            throw Fault.Missing("text.format.schema");
        if (format.Strict == true && StrictSchema.FaultOf(schema) is { } fault)
            throw Fault.Of($"Invalid schema for response_format '{format.Name}': {fault}", "text.format.schema", "invalid_json_schema");
    }
}
