using System.Globalization;
using System.Text;
using Gemma4.Engine.StructuredOutput.Automata;
using Gemma4.Engine.StructuredOutput.Numbers;
using Gemma4.Engine.StructuredOutput.Schemas;
using Xunit;

namespace Gemma4.Engine.Tests.StructuredOutput.Numbers;

/// <summary>Bounds and divisors digit by digit, against decimal arithmetic.</summary>
public sealed class NumberAutomataTests
{
    [Theory]
    [InlineData("0")]
    [InlineData("-0.5")]
    [InlineData("10")]
    [InlineData("-10.25")]
    [InlineData("1e2")]
    [InlineData("99.99")]
    [InlineData("12345678901234567890")]
    public void Bound_compares_as_decimals_do(string bound)
    {
        decimal value = decimal.Parse(bound, NumberStyles.Float, CultureInfo.InvariantCulture);
        foreach (Relation relation in Enum.GetValues<Relation>())
        {
            RxBuilder rx = new();
            Rx automaton = rx.Automaton(new BoundAutomaton(DecimalText.Parse(bound)!, relation));
            foreach (string text in Numbers())
            {
                int order = decimal.Parse(text, CultureInfo.InvariantCulture).CompareTo(value);
                bool expected = relation switch
                {
                    Relation.Less => order < 0,
                    Relation.AtMost => order <= 0,
                    Relation.AtLeast => order >= 0,
                    Relation.Greater => order > 0,
                    _ => order != 0,
                };
                Assert.True(expected == rx.Matches(automaton, Encoding.ASCII.GetBytes(text)), $"{text} {relation} {bound}");
            }
        }
    }

    [Theory]
    [InlineData("1")]
    [InlineData("7")]
    [InlineData("0.01")]
    [InlineData("2.5")]
    [InlineData("0.3")]
    public void Multiples_are_exact(string divisor)
    {
        decimal value = decimal.Parse(divisor, CultureInfo.InvariantCulture);
        RxBuilder rx = new();
        Rx automaton = rx.Automaton(MultipleAutomaton.Create(value)!);
        foreach (string text in Numbers())
            Assert.Equal(decimal.Parse(text, CultureInfo.InvariantCulture) % value == 0, rx.Matches(automaton, Encoding.ASCII.GetBytes(text)));
    }

    private static IEnumerable<string> Numbers()
    {
        foreach (string sign in (string[])["", "-"])
        {
            foreach (string whole in (string[])["0", "1", "9", "10", "11", "49", "99", "100", "101", "12345678901234567889", "12345678901234567890"])
            {
                yield return sign + whole;
                foreach (string fraction in (string[])["0", "00", "25", "250", "3", "5", "51", "49", "99", "990", "001"])
                    yield return $"{sign}{whole}.{fraction}";
            }
        }
    }
}
