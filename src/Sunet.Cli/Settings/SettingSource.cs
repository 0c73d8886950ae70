namespace Sunet.Cli.Settings;

/// <summary>Where a setting's value comes from, the weakest first.</summary>
internal enum SettingSource
{
    /// <summary>Nobody said anything.</summary>
    Default,

    /// <summary>A recipe.</summary>
    Recipe,

    /// <summary>A file of settings.</summary>
    File,

    /// <summary>The command line.</summary>
    CommandLine,
}
