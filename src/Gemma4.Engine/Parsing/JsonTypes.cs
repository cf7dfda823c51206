namespace Gemma4.Engine.Parsing;

/// <summary>The types that a JSON schema allows.</summary>
[Flags]
internal enum JsonTypes
{
    None = 0,
    String = 1,
    Number = 2,
    Boolean = 4,
    Null = 8,
    Object = 16,
    Array = 32,
    Any = String | Number | Boolean | Null | Object | Array,
}
