using System.Text.Json.Nodes;

namespace Gemma4.Engine.Tests.StructuredOutput;

/// <summary>Schemas of every supported keyword, by chance.</summary>
internal sealed class RandomSchema(Random random)
{
    private static readonly string[] Names = ["a", "b", "name", "x-1", "é", "q\""];
    private static readonly string[] Patterns = ["^[a-z]+$", "\\d", "^a|b$", "^(?!a)", "^.{2,4}$", "^[^\"]*$", "[A-F]{2}", "^x-", "é"];
    private static readonly string[] Formats = ["date", "time", "ipv4", "uuid", "date-time", "ipv6"];

    public JsonNode Next(int depth = 0)
    {
        if (depth > 0 && random.Next(20) == 0)
            return JsonValue.Create(random.Next(4) > 0);
        JsonObject schema = [];
        switch (random.Next(depth >= 3 ? 5 : 9))
        {
            case 0:
                schema["type"] = "string";
                AddString(schema);
                break;
            case 1:
                schema["type"] = random.Next(2) == 0 ? "integer" : "number";
                AddNumber(schema);
                break;
            case 2:
                schema["enum"] = new JsonArray([.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => Value())]);
                break;
            case 3:
                schema["type"] = new JsonArray("null", "boolean", random.Next(2) == 0 ? "string" : "integer");
                AddString(schema);
                AddNumber(schema);
                break;
            case 4:
                schema["const"] = Value();
                break;
            case 5 or 6:
                schema["type"] = "object";
                AddObject(schema, depth);
                break;
            case 7:
                schema["type"] = "array";
                AddArray(schema, depth);
                break;
            case 8:
                AddObject(schema, depth);
                AddArray(schema, depth);
                AddString(schema);
                break;
        }
        if (depth < 3 && random.Next(3) == 0)
            AddComposition(schema, depth);
        return schema;
    }

    private void AddString(JsonObject schema)
    {
        if (random.Next(3) == 0)
            schema["minLength"] = random.Next(4);
        if (random.Next(3) == 0)
            schema["maxLength"] = random.Next(2, 8);
        if (random.Next(3) == 0)
            schema["pattern"] = Pick(Patterns);
        else if (random.Next(6) == 0)
            schema["format"] = Pick(Formats);
    }

    private void AddNumber(JsonObject schema)
    {
        if (random.Next(3) == 0)
            schema[random.Next(2) == 0 ? "minimum" : "exclusiveMinimum"] = random.Next(-50, 20);
        if (random.Next(3) == 0)
            schema[random.Next(2) == 0 ? "maximum" : "exclusiveMaximum"] = random.Next(-20, 200) + (random.Next(2) == 0 ? 0.5 : 0);
        if (random.Next(4) == 0)
            schema["multipleOf"] = Pick([1, 2, 7, 0.5, 0.25]);
    }

    private void AddObject(JsonObject schema, int depth)
    {
        JsonObject properties = [];
        foreach (string name in Names.Where(_ => random.Next(3) == 0))
            properties[name] = Next(depth + 1);
        schema["properties"] = properties;
        if (random.Next(2) == 0)
            schema["required"] = new JsonArray([.. Names.Where(n => properties.ContainsKey(n) ? random.Next(2) == 0 : random.Next(15) == 0).Select(n => (JsonNode)n)]);
        if (random.Next(2) == 0)
            schema["additionalProperties"] = random.Next(2) == 0 ? false : Next(depth + 1);
        if (random.Next(4) == 0)
            schema["patternProperties"] = new JsonObject { [Pick(Patterns)] = Next(depth + 1), ["^y"] = Next(depth + 1) };
        if (random.Next(6) == 0)
            schema["propertyNames"] = new JsonObject { ["pattern"] = Pick(Patterns) };
        if (random.Next(6) == 0)
            schema["minProperties"] = random.Next(3);
        if (random.Next(6) == 0)
            schema["maxProperties"] = random.Next(1, 4);
        if (random.Next(6) == 0)
            schema["dependentRequired"] = new JsonObject { [Pick(Names)] = new JsonArray(Pick(Names)) };
        if (random.Next(8) == 0)
            schema["dependentSchemas"] = new JsonObject { [Pick(Names)] = Next(depth + 1) };
    }

    private void AddArray(JsonObject schema, int depth)
    {
        if (random.Next(2) == 0)
            schema["items"] = Next(depth + 1);
        if (random.Next(3) == 0)
            schema["prefixItems"] = new JsonArray([.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => Next(depth + 1))]);
        if (random.Next(3) == 0)
            schema["minItems"] = random.Next(3);
        if (random.Next(3) == 0)
            schema["maxItems"] = random.Next(1, 4);
        if (random.Next(6) == 0)
            schema["contains"] = Next(depth + 1);
        if (schema.ContainsKey("contains") && random.Next(2) == 0)
            schema["maxContains"] = random.Next(1, 3);
        if (random.Next(5) == 0)
            schema["uniqueItems"] = true;
    }

    private void AddComposition(JsonObject schema, int depth)
    {
        switch (random.Next(5))
        {
            case 0:
                schema["allOf"] = new JsonArray(Next(depth + 1), Next(depth + 1));
                break;
            case 1:
                schema["anyOf"] = new JsonArray(Next(depth + 1), Next(depth + 1));
                break;
            case 2:
                schema["oneOf"] = new JsonArray(Next(depth + 1), Next(depth + 1), Next(depth + 1));
                break;
            case 3:
                schema["not"] = Next(depth + 1);
                break;
            case 4:
                schema["if"] = Next(depth + 1);
                schema["then"] = Next(depth + 1);
                schema["else"] = Next(depth + 1);
                break;
        }
    }

    private JsonNode? Value() => random.Next(8) switch
    {
        0 => null,
        1 => random.Next(2) == 0,
        2 => random.Next(-5, 20),
        3 => 2.5,
        4 => Pick(Names),
        5 => "ab\n\"",
        6 => new JsonArray(1, "a"),
        _ => new JsonObject { ["a"] = 1, ["name"] = new JsonArray() },
    };

    private T Pick<T>(T[] from) => from[random.Next(from.Length)];
}
