namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary>Equality of dict keys: by value, so 1, 1.0 and true are one key.</summary>
internal sealed class ValueComparer : IEqualityComparer<Value>
{
    public static readonly ValueComparer Instance = new();

    public bool Equals(Value? left, Value? right) => ReferenceEquals(left, right) || left!.ValueEquals(right!);

    public int GetHashCode(Value value) => value.ValueHash();
}
