using System.Diagnostics;
using Sunet.Cli.Runs.Training;
using Sunet.Cli.Settings;

namespace Sunet.Cli.Tests.Settings;

/// <summary>Files of settings that are none.</summary>
public sealed class SettingsFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, string> Texts => new()
    {
        { string.Concat(Enumerable.Repeat("[", 100_000)), "nested deeply" },
        { "data: " + string.Concat(Enumerable.Repeat("{a: ", 50_000)), "nested deeply" },
        { string.Concat(Enumerable.Repeat("- ", 50_000)), "nested deeply" },
        { "data: &a [*a]", "refers to itself" },
        { "data: [a\n" + string.Concat(Enumerable.Repeat("a\n", 1_000)), "not valid YAML" },
        { "data: [", "not valid YAML at line" },
        { "\t: :1*}", "not valid YAML" },
        { "data: \"a\\0b\"", "null character" },
        { "- data", "holds no settings" },
        { "data: " + new string('a', 2 << 20), "too large" },
    };

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Texts))]
    public void Train_ConfigThatIsNoSettings_IsAConfigurationError(string text, string said)
    {
        File.WriteAllText(folder["args.yaml"], text);
        string[][] runs = [["train", "--config", folder["args.yaml"], "--dry-run"], ["train", "--resume", folder.Path]];
        foreach (string[] args in runs)
        {
            CommandResult result = CommandResult.Of(args);
            Assert.Equal(1, result.Code);
            string line = Assert.Single(result.ErrorLines);
            Assert.Contains("args.yaml'", line, StringComparison.Ordinal);
            Assert.Contains(said, line, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/dev/zero", "a device")]
    [InlineData("pipe", "a pipe")]
    [InlineData(".", "a folder")]
    public void Train_ConfigThatIsNoFile_IsAConfigurationError(string name, string said)
    {
        using (Process made = Process.Start("mkfifo", [folder["pipe"]]))
            made.WaitForExit();
        CommandResult result = CommandResult.Of("train", "--config", Path.Combine(folder.Path, name), "--dry-run");
        Assert.Equal(1, result.Code);
        Assert.Contains(said, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void AnyVerb_ArgumentBeginsWithAt_IsNoFileOfArguments()
    {
        using (Process made = Process.Start("mkfifo", [folder["pipe"]]))
            made.WaitForExit();
        CommandResult result = CommandResult.Of("data", "check", "@" + folder["pipe"]);
        Assert.Equal(2, result.Code);
        Assert.Contains("@" + folder["pipe"], result.Error + result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WrittenSettings_ComeBack()
    {
        File.WriteAllText(folder["args.yaml"], "data: 'it''s'\nwidths: [1, 2]\n");
        IReadOnlyDictionary<string, string> values = SettingsFile.Read(folder["args.yaml"], TrainSettings.RunSettings);
        Assert.Equal(("it's", "1,2"), (values["data"], values["widths"]));
    }
}
