namespace Sunet.Cli.Settings;

/// <summary>Where a setting's value comes from, the weakest first.</summary>
internal enum SettingSource
{
    /// <summary>The value is the default, because no other source gives one.</summary>
    Default,

    /// <summary>The value was chosen to suit the data that a network is trained on from nothing.</summary>
    Data,

    /// <summary>A recipe.</summary>
    Recipe,

    /// <summary>A file of settings.</summary>
    File,

    /// <summary>The command line.</summary>
    CommandLine,
}

/// <summary>Names sources of settings in messages.</summary>
internal static class SettingSources
{
    /// <summary>The source in words, such as <c>command line</c>.</summary>
    public static string Word(this SettingSource source) => source switch
    {
        SettingSource.CommandLine => "command line",
        SettingSource.File => "file",
        SettingSource.Recipe => "recipe",
        SettingSource.Data => "data",
        _ => "default",
    };
}
