using System.Reflection;
using System.Reflection.Emit;
using Gemma4.Engine.Backends.Torch;
using TorchSharp;
using Xunit;

namespace Gemma4.Engine.Tests.Backends.Torch;

/// <summary>Reads the compiled code for native scalars that may be freed while libtorch still reads them: see <see cref="Arithmetic"/>.</summary>
public sealed class ArithmeticTests
{
    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields()
        .Select(f => (OpCode)f.GetValue(null)!).ToDictionary(c => c.Value);

    [Fact]
    public void No_code_of_ours_makes_a_scalar_that_nothing_keeps()
    {
        HashSet<MethodBase> makers = Makers();
        Assert.Contains(makers, m => m.Name == "softplus");      // the test's own eyes
        Assert.Contains(makers, m => m.Name == "op_Addition" && m.DeclaringType == typeof(torch.Tensor));
        string[] found = [.. Methods(typeof(Arithmetic).Assembly)
            .SelectMany(method => Calls(method).Where(makers.Contains).Where(made => !IsKept(method, made)).Select(made => $"{method.DeclaringType}.{method.Name} calls {made.Name}"))
            .Distinct()];
        Assert.True(found.Length == 0, "Make the scalar once, keep it in a field and pass it (see Backends/Torch/Arithmetic.cs):\n" + string.Join('\n', found));
    }

    /// <summary>A constructor that asks for a scalar keeps it in a field.</summary>
    private static bool IsKept(MethodBase method, MethodBase made) => method is ConstructorInfo && made.Name == nameof(ScalarExtensionMethods.ToScalar);

    /// <summary>TorchSharp's methods that make a scalar, or call one that does.</summary>
    private static HashSet<MethodBase> Makers()
    {
        MethodBase[] methods = [.. Methods(typeof(torch).Assembly)];
        var callers = new Dictionary<MethodBase, List<MethodBase>>();
        foreach (MethodBase method in methods)
        {
            foreach (MethodBase called in Calls(method))
            {
                if (!callers.TryGetValue(called, out List<MethodBase>? known))
                    callers.Add(called, known = []);
                known.Add(method);
            }
        }
        var makers = new HashSet<MethodBase>(typeof(Scalar).GetConstructors(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public));
        var open = new Queue<MethodBase>(makers);
        while (open.TryDequeue(out MethodBase? maker))
        {
            foreach (MethodBase caller in callers.GetValueOrDefault(maker, []))
            {
                if (makers.Add(caller))
                    open.Enqueue(caller);
            }
        }
        return makers;
    }

    private static IEnumerable<MethodBase> Methods(Assembly assembly)
    {
        const BindingFlags own = BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        return assembly.GetTypes().SelectMany(type => type.GetMethods(own).Concat<MethodBase>(type.GetConstructors(own)).Append(type.TypeInitializer!)).Where(m => m is not null);
    }

    private static IEnumerable<MethodBase> Calls(MethodBase method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not { } code)
            yield break;
        Type[]? typeArguments = method.DeclaringType?.GetGenericArguments(), methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (int at = 0; at < code.Length;)
        {
            short value = code[at] == 0xFE ? (short)(0xFE00 | code[at + 1]) : code[at];
            OpCode operation = Codes[value];
            at += operation.Size;
            if (operation.OperandType == OperandType.InlineMethod && Resolve(method.Module, BitConverter.ToInt32(code, at), typeArguments, methodArguments) is { } called)
                yield return called;
            at += operation.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, at),
                _ => 4,
            };
        }
    }

    private static MethodBase? Resolve(Module module, int token, Type[]? typeArguments, Type[]? methodArguments)
    {
        try
        {
            return module.ResolveMethod(token, typeArguments, methodArguments);
        }
        catch (Exception e) when (e is FileNotFoundException or TypeLoadException or BadImageFormatException)
        {
            return null;      // of an assembly that is not here: an optional package of TorchSharp's
        }
    }
}
