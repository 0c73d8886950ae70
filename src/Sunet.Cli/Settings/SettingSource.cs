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

/// <summary>Sources for people.</summary>
internal static class SettingSources
{
    /// <summary>The source in words, such as <c>command line</c>.</summary>
    public static string Word(this SettingSource source) => source switch
    {
        SettingSource.CommandLine => "command line",
        SettingSource.File => "file",
        SettingSource.Recipe => "recipe",
        _ => "default",
    };
}
