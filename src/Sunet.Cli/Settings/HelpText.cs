using System.CommandLine;
using System.Text;
using Sunet.Cli.Output;

namespace Sunet.Cli.Settings;

/// <summary>The help of a command, for a terminal of 80 columns.</summary>
internal sealed class HelpText
{
    private const string Program = "sunet";
    private const char HardSpace = '\u00a0';
    private const int Width = 79, TextColumn = 26;

    private readonly StringBuilder text = new();

    private HelpText()
    {
    }

    /// <summary>Writes the help of a command: what it does, how it is called, its options in groups, and examples.</summary>
    public static string Of(Command command)
    {
        var help = new HelpText();
        help.Paragraph(command.Description ?? "");
        help.AddUsage(command);
        var verb = command as Verb;
        if (verb is { Examples.Count: > 0 })
        {
            help.Heading(Counted.Word(verb.Examples.Count, "examples"));
            foreach (string example in verb.Examples)
                help.text.Append("  ").Append(Program).Append(' ').Append(example).Append('\n');
        }

        foreach (Argument argument in command.Arguments)
        {
            help.Heading("argument");
            help.Entry($"<{argument.Name}>", argument.Description + " (required)");
        }

        if (command.Subcommands.Count > 0)
            help.AddVerbs(command);
        foreach ((string heading, IReadOnlyList<Setting> settings) in SettingGroups.Of([.. verb?.Settings.Where(s => !s.IsHidden) ?? []]))
        {
            help.Heading(heading);
            foreach (Setting setting in settings)
                help.AddSetting(setting);
        }

        help.Heading("help");
        help.Entry("-h, --help", "this text");
        if (command is RootCommand)
            help.Entry("--version", "the version, with the commit it was built from");
        foreach (string remark in verb?.Remarks ?? [])
        {
            help.text.Append('\n');
            help.Paragraph(remark);
        }

        return help.text.Replace(HardSpace, ' ').ToString();
    }

    /// <summary>The words that lead to a command, the program's name not among them; each is followed by a space.</summary>
    public static string PathOf(Command command)
    {
        string path = "";
        for (Command? at = command; at is not (null or RootCommand); at = at.Parents.OfType<Command>().FirstOrDefault())
            path = at.Name + " " + path;
        return path;
    }

    private void AddUsage(Command command)
    {
        string path = PathOf(command), arguments = string.Concat(command.Arguments.Select(
            argument => argument.Arity.MaximumNumberOfValues > 1 ? $"<{argument.Name}>... " : $"<{argument.Name}> "));
        string what = command is Verb ? arguments + "[options]" : "<verb> [options]";
        text.Append('\n').Append("usage: ").Append(Program).Append(' ').Append(path).Append(what).Append('\n');
        if (command is not Verb)
            Paragraph($"'{Program} {path}<verb> --help' lists a verb's options and has examples.");
    }

    private void AddVerbs(Command command)
    {
        Heading("verbs");
        foreach (Command verb in command.Subcommands)
            Entry(verb.Name, verb.Description ?? "");
    }

    private void AddSetting(Setting setting)
    {
        bool isOnByDefault = setting is { IsSwitch: true, Default: Setting.On };
        string name = isOnByDefault ? "--no-" + setting.Name : "--" + setting.Name + (setting.IsSwitch ? "" : " <value>");
        string rest = (setting is { IsSwitch: false, Default: { } fallback } ? $" [default:{HardSpace}{fallback}]" : "")
            + (setting.Requirement is { } requirement ? $" ({requirement})" : "");
        Entry(name, (isOnByDefault ? "do not: " : "") + setting.Help + rest);
    }

    private void Heading(string heading) => text.Append('\n').Append(heading).Append(":\n");

    private void Entry(string name, string description)
    {
        string first = "  " + name;
        if (first.Length > TextColumn - 2)
            text.Append(first).Append('\n');
        foreach (string line in Wrap(description, Width - TextColumn))
        {
            text.Append((first.Length > TextColumn - 2 ? "" : first).PadRight(TextColumn)).Append(line).Append('\n');
            first = "";
        }
    }

    private void Paragraph(string paragraph)
    {
        foreach (string line in Wrap(paragraph, Width))
            text.Append(line).Append('\n');
    }

    /// <summary>Breaks a text at spaces; a word that is wider than a line stands on one of its own.</summary>
    private static IEnumerable<string> Wrap(string paragraph, int width)
    {
        string line = "";
        foreach (string word in paragraph.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = "";
            }

            line += line.Length > 0 ? " " + word : word;
        }

        yield return line;
    }
}
