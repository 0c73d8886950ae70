using System.Globalization;
using Sunet.Cli.Settings;

namespace Sunet.Cli.Runs.Training;

/// <summary>How often each class occurs in the labels to train on.</summary>
/// <param name="Own">The pixels of each class; the images of a classifier.</param>
/// <param name="Around">The pixels of a class of the images that have a pixel of this one; all images of a classifier.</param>
internal sealed record ClassFrequencies(IReadOnlyList<long> Own, IReadOnlyList<long> Around);

/// <summary>The weights of the classes in the loss: given as numbers, or by the name of a rule that follows from the labels.</summary>
internal static class ClassWeighting
{
    private const string None = "none", Balanced = "balanced", MedianFrequency = "median-frequency", Name = "class-weights";

    /// <summary>The setting.</summary>
    public static Setting Setting { get; } = Setting.Value(
        Name, "weights of the classes in the loss: numbers separated by commas, balanced (the inverse of the class's share of the pixels), "
        + "median-frequency (of its share of the images that have it, times the median), or none", None) with { Choices = Words };

    private static string[] Words => [None, Balanced, MedianFrequency];

    /// <summary>The settings with numbers in the place of a rule, as they are saved and read again.</summary>
    /// <param name="values">The settings of a run.</param>
    /// <param name="count">Counts the classes; called for a rule alone, since it may read every label map.</param>
    /// <exception cref="Sunet.Native.ConfigurationException">The setting is neither a rule nor numbers.</exception>
    public static SettingValues InNumbers(SettingValues values, Func<ClassFrequencies> count)
    {
        if (IsNumbers(values))
            return values;
        return values.Choice(Name, Words) switch
        {
            Balanced => values.With((Name, Text(BalancedWeights(count())))),
            MedianFrequency => values.With((Name, Text(MedianFrequencyWeights(count())))),
            _ => values,
        };
    }

    /// <summary>The weights, by class; empty for none.</summary>
    /// <param name="values">Settings with numbers.</param>
    public static IReadOnlyList<float> Of(SettingValues values) =>
        IsNumbers(values) ? [.. values.Numbers(Name).Select(weight => (float)weight)] : [];

    /// <summary>
    /// The inverse of each class's frequency, times what all would have if they had the same, as scikit-learn's; 0 for a class that is
    /// missing.
    /// </summary>
    public static double[] BalancedWeights(ClassFrequencies frequencies)
    {
        double alike = (double)frequencies.Own.Sum() / frequencies.Own.Count(own => own > 0);
        return [.. frequencies.Own.Select(own => own > 0 ? alike / own : 0)];
    }

    /// <summary>
    /// The median of the classes' frequencies over each one's own, a frequency being the class's share of the pixels of images that have
    /// it (Eigen and Fergus 2015); 0 for a class that is missing.
    /// </summary>
    public static double[] MedianFrequencyWeights(ClassFrequencies frequencies)
    {
        double[] shares = [.. frequencies.Own.Zip(frequencies.Around, (own, around) => own > 0 ? (double)own / around : 0)];
        double[] present = [.. shares.Where(share => share > 0).Order()];
        double median = present.Length == 0 ? 0 : (present[present.Length / 2] + present[(present.Length - 1) / 2]) / 2;
        return [.. shares.Select(share => share > 0 ? median / share : 0)];
    }

    private static bool IsNumbers(SettingValues values) => !char.IsAsciiLetter(values.Text(Name)[0]);

    /// <summary>Six digits are more than counts of pixels are worth, and read well.</summary>
    private static string Text(double[] weights) => string.Join(',', weights.Select(w => w.ToString("G6", CultureInfo.InvariantCulture)));
}
