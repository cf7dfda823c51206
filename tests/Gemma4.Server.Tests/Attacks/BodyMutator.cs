using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gemma4.Testing;

namespace Gemma4.Server.Tests.Attacks;

/// <summary>Changes valid bodies: values and keys of their JSON, or their bytes.</summary>
internal static class BodyMutator
{
    private static readonly string[] Extremes =
    [
        "null", "true", "false", "0", "-1", "1", "2147483648", "-2147483649", "9223372036854775808", "1e400", "-1e400", "0.1", "1e-320", "-0.0", "123456789012345678901234567890",
        "\"\"", "\"a\"", "\"\\u0000\"", "\"\\ud83d\\ude00\"", "\"{{ x }}\"", "\"<turn|>\"", "\"gemma-4-demo\"", "\"auto\"", "[]", "{}", "[[]]", "[null]", "{\"\":null}", "[1,\"a\",{}]",
        "{\"$ref\":\"#\"}", "{\"type\":\"object\"}", "[{\"type\":\"text\"}]", "\"(a+)+$\"", "\"[\"", "\"(?<x>a)\\\\k<x>\"",
    ];

    /// <summary>A body that is almost this one.</summary>
    /// <param name="body">Valid; not changed.</param>
    /// <param name="isJson">Whether its values may be changed.</param>
    /// <param name="random">Chooses.</param>
    public static byte[] Mutate(byte[] body, bool isJson, Random random)
    {
        if (!isJson || random.Next(3) == 0)
            return FileMutator.Mutate(body, random);
        JsonNode root = JsonNode.Parse(body)!;
        for (int i = random.Next(1, 4); i > 0; i--)
            Change(root, random);
        return Encoding.UTF8.GetBytes(root.ToJsonString(new JsonSerializerOptions { MaxDepth = 1000 }));
    }

    private static void Change(JsonNode root, Random random)
    {
        JsonNode[] containers = [.. Containers(root)];
        JsonNode at = containers[random.Next(containers.Length)];
        JsonNode? extreme = JsonNode.Parse(Extremes[random.Next(Extremes.Length)]);
        if (at is JsonArray array)
            Change(array, extreme, root, random);
        else
            Change((JsonObject)at, extreme, root, random);
    }

    private static void Change(JsonArray array, JsonNode? extreme, JsonNode root, Random random)
    {
        int index = random.Next(array.Count + 1);
        switch (random.Next(4))
        {
            case 0 when index < array.Count:
                array.RemoveAt(index);
                break;
            case 1 when index < array.Count:
                JsonNode? twice = array[index]?.DeepClone();
                array.Insert(index, twice);
                break;
            case 2 when index < array.Count:
                array[index] = extreme;
                break;
            default:
                array.Insert(index, random.Next(2) == 0 ? extreme : root.DeepClone());
                break;
        }
    }

    private static void Change(JsonObject item, JsonNode? extreme, JsonNode root, Random random)
    {
        string[] keys = [.. item.Select(p => p.Key)];
        string key = keys.Length == 0 ? "type" : keys[random.Next(keys.Length)];
        switch (random.Next(5))
        {
            case 0:
                item.Remove(key);
                break;
            case 1: // a value under another's key
                string other = keys.Length == 0 ? "id" : keys[random.Next(keys.Length)];
                item[other] = item[key]?.DeepClone();
                break;
            case 2: // the whole within itself
                item[key] = root.DeepClone();
                break;
            case 3:
                item[key] = new JsonArray(item[key]?.DeepClone());
                break;
            default:
                item[key] = extreme;
                break;
        }
    }

    private static IEnumerable<JsonNode> Containers(JsonNode node)
    {
        yield return node;
        IEnumerable<JsonNode?> children = node is JsonArray array ? array : ((JsonObject)node).Select(p => p.Value);
        foreach (JsonNode? child in children)
        {
            if (child is JsonArray or JsonObject)
            {
                foreach (JsonNode inner in Containers(child))
                    yield return inner;
            }
        }
    }
}
