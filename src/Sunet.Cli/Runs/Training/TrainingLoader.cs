using Sunet.Cli.Settings;
using Sunet.Data.Loading;
using Sunet.Native;

namespace Sunet.Cli.Runs.Training;

/// <summary>Reads the settings of a loader that all training tasks have in common.</summary>
internal static class TrainingLoader
{
    /// <summary>Completes the settings of a loader with what does not depend on its labels.</summary>
    /// <param name="values">The settings of the run.</param>
    /// <param name="loader">The loader's settings so far.</param>
    /// <exception cref="ConfigurationException">A setting is out of range.</exception>
    public static TLoader Complete<TLoader>(SettingValues values, TLoader loader)
        where TLoader : LoaderSettings
    {
        LoaderSettings common = DecodingSettings.Apply(values, loader) with { Seed = values.Seed("seed") };
        common.Validate();
        return (TLoader)common;
    }
}
