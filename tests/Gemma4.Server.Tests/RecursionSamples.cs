using System.Runtime.CompilerServices;

namespace Gemma4.Server.Tests;

/// <summary>What is and is not recursive, for <see cref="RecursionTests"/>.</summary>
internal static class RecursionSamples
{
    /// <summary>Each goes as deep as what it is given.</summary>
    internal static class Recursive
    {
        private sealed class Direct(Direct? next)
        {
            public int Depth() => next is null ? 0 : 1 + next.Depth();
        }

        private sealed class ThroughAnother(ThroughAnother? next)
        {
            public int Depth() => 1 + NextDepth();

            private int NextDepth() => next?.Depth() ?? 0;
        }

        private sealed class InLambda(InLambda[] children)
        {
            public int Size() => 1 + children.Sum(child => child.Size());
        }

        private sealed class AsMethodGroup
        {
            public static int Size(List<object> list) => 1 + list.OfType<List<object>>().Select(Size).Sum();
        }

        private sealed class InLocalFunction(InLocalFunction? next)
        {
            private readonly InLocalFunction? _next = next;

            public int Depth()
            {
                return Below(this);

                static int Below(InLocalFunction? node) => node is null ? 0 : 1 + Below(node._next);
            }
        }

        private sealed class InIterator(InIterator[] children)
        {
            public IEnumerable<InIterator> All()
            {
                yield return this;
                foreach (InIterator child in children)
                {
                    foreach (InIterator each in child.All())
                        yield return each;
                }
            }
        }

        private sealed class InAsync(InAsync? next)
        {
            public async Task<int> DepthAsync()
            {
                await Task.CompletedTask;
                return next is null ? 0 : 1 + await next.DepthAsync();
            }
        }

        private interface IThroughInterface
        {
            int Depth();

            private sealed class Chain(IThroughInterface next) : IThroughInterface
            {
                public int Depth() => 1 + next.Depth();
            }
        }

        private abstract class ThroughOverride
        {
            public abstract int Depth();

            private sealed class Chain(ThroughOverride next) : ThroughOverride
            {
                public override int Depth() => 1 + next.Depth();
            }
        }

        private sealed class InProperty(InProperty? next)
        {
            public int Depth => 1 + (next?.Depth ?? 0);
        }

        private sealed class InConstructor(int depth)
        {
            public InConstructor? Next { get; } = depth == 0 ? null : new InConstructor(depth - 1);
        }

        private sealed class ThroughDelegate
        {
            private delegate int Rule(ThroughDelegate node);

            private static readonly Rule[] Rules = [Depth];

            private ThroughDelegate? Next { get; init; }

            private static int Depth(ThroughDelegate node) => node.Next is null ? 0 : Apply(node.Next);

            private static int Apply(ThroughDelegate node) => Rules[0](node);
        }

        private sealed record RecordOfItself(RecordOfItself? Next, int Value);

        private abstract record RecordOfItsBase
        {
            private sealed record Pair(RecordOfItsBase Left, int Right) : RecordOfItsBase;
        }

        private sealed class Generic<T>(T value, Generic<T>? next)
        {
            public T Last() => next is null ? value : next.Last();
        }
    }

    /// <summary>None goes deep.</summary>
    internal static class Harmless
    {
        private sealed class Guarded(Guarded? next)
        {
            public int Depth()
            {
                RuntimeHelpers.EnsureSufficientExecutionStack();
                return next is null ? 0 : 1 + next.Depth();
            }
        }

        private sealed class Iterative(Iterative? next)
        {
            private readonly Iterative? _next = next;

            public int Depth()
            {
                int depth = 0;
                for (Iterative? node = this; node is not null; node = node._next)
                    depth++;
                return depth;
            }
        }

        private sealed record RecordOfOthers(string Name, int Count);

        private sealed class WithLambda(int[] values)
        {
            public int Sum() => values.Select(value => value + 1).Sum();
        }
    }
}
