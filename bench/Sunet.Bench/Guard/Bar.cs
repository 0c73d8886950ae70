using System.Globalization;

namespace Sunet.Bench.Guard;

/// <summary>What a figure has to hold.</summary>
/// <param name="Group">What <c>--only</c> calls it and its like.</param>
/// <param name="Work">What is measured, for people.</param>
/// <param name="Limit">The most it may be, or the least.</param>
/// <param name="Slack">The share of the limit that noise may take.</param>
/// <param name="AtLeast">Whether more is better.</param>
/// <param name="Unit">Behind the figure; empty for ratios.</param>
internal sealed record Bar(string Group, string Work, double Limit, double Slack, bool AtLeast = false, string Unit = "")
{
    /// <summary>The limit with the slack.</summary>
    public double Last => AtLeast ? Limit * (1 - Slack) : Limit * (1 + Slack);

    /// <summary>Whether a figure is within limit and slack; one that is no number is not.</summary>
    public bool Holds(double figure) => AtLeast ? figure >= Last : figure <= Last;

    /// <summary>The limit as a text, such as <c>&lt;= 0.7</c>.</summary>
    public string LimitText => (AtLeast ? ">= " : "<= ") + Text(Limit);

    /// <summary>A figure with the bar's unit.</summary>
    public string Text(double figure) => (figure.ToString("0.####", CultureInfo.InvariantCulture) + " " + Unit).TrimEnd();
}
