using System.ComponentModel.DataAnnotations;
using Gemma4.Engine.Vision;

namespace Gemma4.Server.Wire;

/// <summary>A field that holds an image's budget of soft tokens: one of those Gemma 4 was trained with.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SoftTokensAttribute() : AllowedValuesAttribute([.. SoftTokenBudget.Allowed]);
