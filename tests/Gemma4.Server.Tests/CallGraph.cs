using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Gemma4.Server.Tests;

/// <summary>Which method may call which, read from the IL of some types.</summary>
/// <remarks>
/// It errs to the side of too many calls: a virtual call reaches every override, the call of a delegate reaches every method that is made
/// a delegate of that type, and who makes a delegate, an iterator or a task is taken to run it. It does not see calls between two of the
/// methods that only other assemblies make, such as those of enumerators inside one another.
/// </remarks>
internal sealed partial class CallGraph
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    private readonly Dictionary<MethodBase, HashSet<MethodBase>> _calls = [];
    private readonly Dictionary<MethodBase, List<MethodBase>> _overrides = [];
    private readonly Dictionary<Type, List<MethodBase>> _delegates = [];

    private readonly HashSet<Type> _types;

    /// <summary>Reads the methods of the types; calls of other methods are kept, but not followed.</summary>
    public CallGraph(IEnumerable<Type> types)
    {
        _types = [.. types];
        MethodBase[] methods = [.. _types.SelectMany(type => type.GetMembers(Declared).OfType<MethodBase>())];
        foreach (Type type in _types.Where(type => !type.IsInterface))
            AddOverrides(type);
        foreach (MethodBase method in methods)
            AddDelegates(method);
        foreach (MethodBase method in methods)
            _calls[method] = [.. Instructions(method).SelectMany(i => Targets(method, i.Code, i.Callee)), .. Body(method)];
    }

    public IReadOnlyCollection<MethodBase> Methods => _calls.Keys;

    public IReadOnlyCollection<MethodBase> CallsOf(MethodBase method) => _calls.TryGetValue(method, out HashSet<MethodBase>? calls) ? calls : [];

    private void AddOverrides(Type type)
    {
        foreach (MethodInfo method in type.GetMethods(Declared).Where(method => method.IsVirtual))
            Add(_overrides, Definition(method.GetBaseDefinition()), method);
        foreach (InterfaceMapping map in type.GetInterfaces().Select(type.GetInterfaceMap))
        {
            for (int i = 0; i < map.InterfaceMethods.Length; i++)
            {
                if (map.TargetMethods[i] is { } target)
                    Add(_overrides, Definition(map.InterfaceMethods[i]), Definition(target));
            }
        }
    }

    private void AddDelegates(MethodBase method)
    {
        MethodBase? taken = null;
        foreach ((OpCode code, MethodBase callee) in Instructions(method))
        {
            if (taken is not null && code == OpCodes.Newobj && callee.DeclaringType!.IsSubclassOf(typeof(Delegate)))
                Add(_delegates, callee.DeclaringType, taken);
            taken = code == OpCodes.Ldftn || code == OpCodes.Ldvirtftn ? callee : null;
        }
    }

    private IEnumerable<MethodBase> Targets(MethodBase caller, OpCode code, MethodBase callee)
    {
        Type type = callee.DeclaringType!;
        bool isVirtual = code == OpCodes.Callvirt || code == OpCodes.Ldvirtftn;
        if (isVirtual && type.IsSubclassOf(typeof(Delegate)))
            return IsOurs(type) ? _delegates.GetValueOrDefault(type, []) : [];
        if (isVirtual && type.IsGenericType && type.GetGenericTypeDefinition() == typeof(EqualityComparer<>))
            return OfKind(type.GenericTypeArguments[0], callee.Name);
        MethodBase slot = Definition(callee is MethodInfo method && isVirtual ? method.GetBaseDefinition() : callee);
        IEnumerable<MethodBase> overrides = isVirtual && IsOurs(slot.DeclaringType!) ? _overrides.GetValueOrDefault(slot, []) : [];
        // A record prints its properties by way of StringBuilder.Append(object).
        IEnumerable<MethodBase> printed = caller.Name == "PrintMembers" && callee is MethodInfo getter ? OfKind(getter.ReturnType, "ToString") : [];
        return [Definition(callee), .. overrides, .. printed];
    }

    /// <summary>The methods of that name that values of a type may have.</summary>
    private IEnumerable<MethodBase> OfKind(Type type, string name) => !IsOurs(type) ? [] : _types.Where(type.IsAssignableFrom)
        .SelectMany(kind => kind.GetMember(name, Declared).OfType<MethodInfo>());

    private bool IsOurs(Type type) =>
        _types.Contains(type.IsGenericType ? type.GetGenericTypeDefinition() : type) || type.GenericTypeArguments.Any(IsOurs);

    /// <summary>What an iterator or an async method really does, which the compiler moved to a class of its own.</summary>
    private static IEnumerable<MethodBase> Body(MethodBase method) =>
        method.GetCustomAttribute<StateMachineAttribute>()?.StateMachineType.GetMethod("MoveNext", Declared) is { } body ? [body] : [];

    /// <summary>The instructions that name a method, in order.</summary>
    private static IEnumerable<(OpCode Code, MethodBase Callee)> Instructions(MethodBase method)
    {
        byte[] il = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        Type[]? ofType = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null;
        Type[]? ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (int at = 0; at < il.Length;)
        {
            OpCode code = Codes[il[at] == 0xFE ? (short)(0xFE00 | il[at + 1]) : il[at]];
            at += code.Size;
            if (code.OperandType == OperandType.InlineMethod)
                yield return (code, method.Module.ResolveMethod(BitConverter.ToInt32(il, at), ofType, ofMethod)!);
            at += code.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(il, at)),
                _ => 4,
            };
        }
    }

    /// <summary>The method as written, without the type arguments of a use.</summary>
    private static MethodBase Definition(MethodBase method) => method.Module.ResolveMethod(method.MetadataToken)!;

    private static void Add<TKey>(Dictionary<TKey, List<MethodBase>> lists, TKey key, MethodBase method)
        where TKey : notnull
    {
        if (!lists.TryGetValue(key, out List<MethodBase>? list))
            lists[key] = list = [];
        list.Add(Definition(method));
    }
}
