using System.Reflection;
using System.Text.RegularExpressions;

namespace Gemma4.Server.Tests;

/// <summary>Who calls itself, and by what name an author knows it.</summary>
internal sealed partial class CallGraph
{
    /// <summary>The method as its author knows it, without namespace: a lambda or an iterator's body is the method it was written in.</summary>
    public static string NameOf(MethodBase method)
    {
        List<string> types = [];
        for (Type? type = method.DeclaringType; type is not null; type = type.DeclaringType)
            types.Insert(0, type.Name.Split('`')[0]);
        // What the compiler makes of a method M is named <M>b__0, <M>g__Local|0 or, a class, <M>d__1, often in a class <>c__DisplayClass0.
        Match made = WrittenIn().Match(string.Concat(types) + method.Name);
        return string.Join('.', [.. types.TakeWhile(type => !type.StartsWith('<')), made.Success ? made.Groups[1].Value : method.Name]);
    }

    /// <summary>Groups of methods that reach one another; a method that calls itself is a group too.</summary>
    /// <param name="isCut">Methods that are left out, with all cycles through them.</param>
    /// <remarks>Tarjan 1972, with a stack of its own.</remarks>
    public List<List<MethodBase>> Cycles(Func<MethodBase, bool> isCut)
    {
        HashSet<MethodBase> kept = [.. Methods.Where(method => !isCut(method))];
        Dictionary<MethodBase, int> order = [];
        Dictionary<MethodBase, int> lowest = [];
        Stack<MethodBase> open = [];
        HashSet<MethodBase> isOpen = [];
        Stack<(MethodBase Method, IEnumerator<MethodBase> Calls)> path = [];
        List<List<MethodBase>> cycles = [];
        foreach (MethodBase start in kept.Where(method => !order.ContainsKey(method)))
        {
            Visit(start);
            while (path.TryPeek(out (MethodBase Method, IEnumerator<MethodBase> Calls) at))
            {
                if (at.Calls.MoveNext())
                {
                    if (!order.ContainsKey(at.Calls.Current))
                        Visit(at.Calls.Current);
                    else if (isOpen.Contains(at.Calls.Current))
                        lowest[at.Method] = Math.Min(lowest[at.Method], order[at.Calls.Current]);
                    continue;
                }
                path.Pop();
                if (path.TryPeek(out (MethodBase Method, IEnumerator<MethodBase> Calls) caller))
                    lowest[caller.Method] = Math.Min(lowest[caller.Method], lowest[at.Method]);
                if (lowest[at.Method] == order[at.Method])
                    Close(at.Method);
            }
        }
        return cycles;

        void Visit(MethodBase method)
        {
            order[method] = lowest[method] = order.Count;
            open.Push(method);
            isOpen.Add(method);
            path.Push((method, CallsOf(method).Where(kept.Contains).GetEnumerator()));
        }

        void Close(MethodBase root)
        {
            List<MethodBase> group = [];
            do
            {
                isOpen.Remove(open.Peek());
                group.Add(open.Pop());
            }
            while (group[^1] != root);
            if (group.Count > 1 || CallsOf(root).Contains(root))
                cycles.Add(group);
        }
    }

    [GeneratedRegex("<([^<>]+)>")]
    private static partial Regex WrittenIn();
}
