using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace Gemma4.Server.Hosting;

/// <summary>Checks the values of an options class by its attributes and its own rules; every fault names the key, the value and what it may be.</summary>
internal static class OptionRules
{
    /// <returns>The faults; none when all holds.</returns>
    public static IReadOnlyList<string> Faults(string section, object options)
    {
        string[] faults = [.. options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite)
            .SelectMany(property => property.GetCustomAttributes<ValidationAttribute>()
                .Where(rule => !rule.IsValid(property.GetValue(options)))
                .Select(rule => $"{section}:{property.Name} {Describe(rule, property.GetValue(options))}"))];
        // Rules over several values make sense only once each of them does.
        return faults.Length > 0 || options is not IValidatableObject own
            ? faults
            : [.. own.Validate(new ValidationContext(options)).Select(f => Prefixed(section, f))];
    }

    private static string Describe(ValidationAttribute rule, object? value)
    {
        string given = string.Create(CultureInfo.InvariantCulture, $"is '{value}'; it must be");
        return rule switch
        {
            RangeAttribute range => string.Create(CultureInfo.InvariantCulture, $"{given} {range.Minimum} to {range.Maximum}."),
            AllowedValuesAttribute allowed => $"{given} one of {string.Join(", ", allowed.Values)}.",
            RequiredAttribute => "must not be empty.",
            _ => rule.FormatErrorMessage("value"),
        };
    }

    private static string Prefixed(string section, ValidationResult fault) => fault.MemberNames.Any()
        ? $"{section}:{string.Join($", {section}:", fault.MemberNames)}: {fault.ErrorMessage}"
        : fault.ErrorMessage!;
}
