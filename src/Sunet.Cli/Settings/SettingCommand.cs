using System.CommandLine;
using Sunet.Native;

namespace Sunet.Cli.Settings;

/// <summary>Makes commands whose options are settings.</summary>
internal static class SettingCommand
{
    /// <summary>Creates a command.</summary>
    /// <param name="name">The verb.</param>
    /// <param name="help">What it does.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="run">Runs it with those that were given and returns the exit code.</param>
    public static Verb Create(string name, string help, IReadOnlyList<Setting> settings, Func<SettingValues, int> run) =>
        Create(name, help, settings, (_, values) => run(values));

    /// <summary>Creates a command that takes an argument, or several of one kind, before its settings.</summary>
    /// <typeparam name="T">A text, or several.</typeparam>
    /// <param name="name">The verb.</param>
    /// <param name="help">What it does.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="argument">The argument; it must be given.</param>
    /// <param name="run">Runs it with the settings that were given and the argument, and returns the exit code.</param>
    public static Verb Create<T>(
        string name, string help, IReadOnlyList<Setting> settings, Argument<T> argument, Func<SettingValues, T, int> run)
        where T : notnull
    {
        Verb command = Create(name, help, settings, (parsed, values) => run(values, parsed.GetRequiredValue(argument)));
        command.Add(argument);
        return command;
    }

    /// <summary>Creates a command whose argument stands for one of its settings, so that either may be given.</summary>
    /// <param name="name">The verb.</param>
    /// <param name="help">What it does.</param>
    /// <param name="settings">Its settings, with one of the argument's name.</param>
    /// <param name="argument">What the argument is, for the help.</param>
    /// <param name="setting">The name of the setting and of the argument.</param>
    /// <param name="run">Runs it with the settings that were given, the argument among them, and returns the exit code. It refuses to run
    /// without the setting.</param>
    public static Verb Create(string name, string help, IReadOnlyList<Setting> settings, string argument, string setting,
        Func<SettingValues, int> run)
    {
        var place = new Argument<string>(setting) { Description = argument, Arity = ArgumentArity.ZeroOrOne };
        Verb command = Create(name, help, settings, (parsed, values) =>
            run((parsed.GetValue(place), values.IsGiven(setting)) switch
            {
                (null, _) => values,
                ({ } text, false) => values.With((setting, text)),
                _ => throw new ConfigurationException($"'--{setting}' and the argument <{setting}> are the same thing; give one of them."),
            }));
        command.Add(place);
        return command;
    }

    private static Verb Create(string name, string help, IReadOnlyList<Setting> settings, Func<ParseResult, SettingValues, int> run)
    {
        var command = new Verb(name, help, settings);
        var readers = new List<Func<ParseResult, (string Name, string Value)?>>();
        foreach (Setting setting in settings)
            readers.Add(setting.IsSwitch ? AddSwitch(command, setting) : AddValue(command, setting));
        command.SetAction(parsed => run(parsed, Given(parsed)));
        return command;

        SettingValues Given(ParseResult parsed)
        {
            var given = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var read in readers)
            {
                if (read(parsed) is { } found)
                    given.Add(found.Name, found.Value);
            }

            return new SettingValues(settings, given);
        }
    }

    private static Func<ParseResult, (string Name, string Value)?> AddValue(Command command, Setting setting)
    {
        var option = new Option<string>("--" + setting.Name)
        {
            Description = setting.Default is null ? setting.Help : $"{setting.Help} [default: {setting.Default}]",
            HelpName = "value",
            Hidden = setting.IsHidden,
        };
        option.CompletionSources.Add([.. setting.Choices]);
        command.Add(option);
        return parsed => parsed.GetValue(option) is { } text ? (setting.Name, text) : null;
    }

    private static Func<ParseResult, (string Name, string Value)?> AddSwitch(Command command, Setting setting)
    {
        bool byDefault = setting.Default == Setting.On;
        var on = new Option<bool>("--" + setting.Name) { Description = setting.Help, Arity = ArgumentArity.Zero, Hidden = byDefault };
        var off = new Option<bool>("--no-" + setting.Name)
        {
            Description = "do not: " + setting.Help,
            Arity = ArgumentArity.Zero,
            Hidden = !byDefault,
        };
        command.Add(on);
        command.Add(off);
        return parsed => (parsed.GetValue(on), parsed.GetValue(off)) switch
        {
            (true, true) => throw new ConfigurationException($"'--{setting.Name}' and '--no-{setting.Name}' contradict each other."),
            (true, _) => (setting.Name, Setting.On),
            (_, true) => (setting.Name, Setting.Off),
            _ => null,
        };
    }
}
