namespace Sunet.Cli.Settings;

/// <summary>Settings of a verb that are those of others but for something.</summary>
internal static class SettingLists
{
    /// <summary>The settings, of which some stand under another heading of help than usual.</summary>
    /// <param name="settings">All of them.</param>
    /// <param name="group">One of <see cref="SettingGroups"/>.</param>
    /// <param name="names">Which are meant.</param>
    public static IReadOnlyList<Setting> Grouping(this IReadOnlyList<Setting> settings, string group, params string[] names) =>
        settings.Changing(setting => setting with { Group = group }, names);

    /// <summary>The settings, of which one is completed with words.</summary>
    /// <param name="settings">All of them.</param>
    /// <param name="name">Which is meant.</param>
    /// <param name="choices">The words.</param>
    public static IReadOnlyList<Setting> Choosing(this IReadOnlyList<Setting> settings, string name, IReadOnlyList<string> choices) =>
        settings.Changing(setting => setting with { Choices = choices }, name);

    /// <summary>The settings, some of them changed.</summary>
    /// <param name="settings">All of them.</param>
    /// <param name="change">Makes another setting of one.</param>
    /// <param name="names">Which are changed.</param>
    public static IReadOnlyList<Setting> Changing(
        this IReadOnlyList<Setting> settings, Func<Setting, Setting> change, params string[] names) =>
        [.. settings.Select(setting => names.Contains(setting.Name) ? change(setting) : setting)];
}
