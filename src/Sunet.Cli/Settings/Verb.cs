using System.CommandLine;

namespace Sunet.Cli.Settings;

/// <summary>A command whose options are settings, with what its help shows beside them.</summary>
/// <param name="name">The word on the command line.</param>
/// <param name="description">What it does, in a sentence.</param>
/// <param name="settings">Its settings.</param>
internal sealed class Verb(string name, string description, IReadOnlyList<Setting> settings) : Command(name, description)
{
    /// <summary>All settings, in their order.</summary>
    public IReadOnlyList<Setting> Settings { get; private set; } = settings;

    /// <summary>Command lines that work, or would with a user's own files.</summary>
    public IReadOnlyList<string> Examples { get; private set; } = [];

    /// <summary>What a user should know to read the result, a paragraph each.</summary>
    public IReadOnlyList<string> Remarks { get; private set; } = [];

    /// <summary>Marks settings in the help as such that must be given.</summary>
    public Verb Requiring(params string[] names)
    {
        Settings = Settings.Changing(setting => setting with { Requirement = "required" }, names);
        return this;
    }

    /// <summary>Adds examples to the help.</summary>
    public Verb WithExamples(params string[] examples)
    {
        Examples = examples;
        return this;
    }

    /// <summary>Adds paragraphs to the help.</summary>
    public Verb WithRemarks(params string[] remarks)
    {
        Remarks = remarks;
        return this;
    }
}
