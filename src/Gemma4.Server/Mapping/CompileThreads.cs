using System.Diagnostics;
using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Server.Limits;
using Gemma4.Server.Metrics;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Mapping;

/// <summary>Compiles constraints. What is kept costs no thread and waits for none.</summary>
internal sealed class CompileThreads(IOptions<ConstraintLimits> limits, WorkMetrics metrics) : BackgroundThreads(
    "compile", limits.Value.CompileThreads, limits.Value.MaxQueuedCompiles,
    $"{limits.Value.MaxQueuedCompiles} schemas and grammars wait to be compiled, as many as may (option Constraints:MaxQueuedCompiles); try again later.",
    StackBytes)
{
    /// <summary>Deep patterns and long chains of rules call deep; past this they are refused, never a crash.</summary>
    private const int StackBytes = 16 << 20;

    /// <summary>The constraint, as <see cref="ConstraintCompiler.Compile"/> makes it.</summary>
    /// <param name="compiler">Of the model.</param>
    /// <param name="spec">What an answer is held to.</param>
    /// <param name="cancellationToken">The client has left: the work ends.</param>
    /// <exception cref="ConstraintException">It cannot be enforced.</exception>
    /// <exception cref="RequestRejectedException">Too many wait already.</exception>
    public async Task<ITokenConstraintSource> CompileAsync(ConstraintCompiler compiler, ConstraintSpec spec, CancellationToken cancellationToken)
    {
        if (!compiler.TryFind(spec, out ITokenConstraintSource? known))
            return await metrics.ConstraintAsync(FormatOf(spec), () => RunAsync(() => compiler.Compile(spec, cancellationToken), cancellationToken));
        metrics.CountKnownConstraint();
        return known;
    }

    private static string FormatOf(ConstraintSpec spec) => spec switch
    {
        ConstraintSpec.JsonSchema => "json_schema",
        ConstraintSpec.Regex => "regex",
        ConstraintSpec.Choice => "choice",
        ConstraintSpec.Grammar => "grammar",
        ConstraintSpec.ToolCalls => "tool_calls",
        _ => throw new UnreachableException(),
    };
}
