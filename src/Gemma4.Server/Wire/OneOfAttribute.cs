namespace Gemma4.Server.Wire;

/// <summary>The JSON of this property or type may be any of several shapes; its converter reads them, the shape check and the
/// OpenAPI document know them from here.</summary>
/// <param name="shapes">One .NET type for each shape, all of different JSON kinds.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Property)]
internal sealed class OneOfAttribute(params Type[] shapes) : Attribute
{
    /// <summary>One .NET type for each shape.</summary>
    public IReadOnlyList<Type> Shapes { get; } = shapes;
}
