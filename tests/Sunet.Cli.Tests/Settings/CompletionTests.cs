namespace Sunet.Cli.Tests.Settings;

/// <summary>What a shell is told to complete a line with, by the directive that <c>dotnet-suggest</c> uses.</summary>
public sealed class CompletionTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("train --model ", "custom sunet-tiny sunet128 sunet64 sunet7128")]
    [InlineData("train --model sunet1", "sunet128")]
    [InlineData("train --recipe ", "cityscapes coco-pretrain help imagenet small voc voc-from-coco voc-trainval")]
    [InlineData("info --recipe city", "cityscapes")]
    [InlineData("train --schedule ", "constant cosine poly step")]
    [InlineData("train --val-split ", "test train trainaug trainval val")]
    [InlineData("val --data x --split trainv", "trainval")]
    [InlineData("predict --device ", "auto cpu cuda")]
    [InlineData("bench --precision ", "bf16 float32 tf32")]
    [InlineData("selftest --precision ", "all bf16 float32 tf32")]
    [InlineData("selftest --only ", "golden layer op training")]
    [InlineData("export --format ", "onnx safetensors")]
    [InlineData("val --output-stride ", "16 32 8")]
    [InlineData("val --strategies ", "cityscapes paper")]
    [InlineData("predict --submission ", "cityscapes voc")]
    [InlineData("train --no-f", "--no-flip --no-float16")]
    [InlineData("data c", "check convert")]
    [InlineData("train --lr ", "")]
    public void Suggest_AnyPosition_IsWhatMayStandThere(string line, string expected)
    {
        CommandResult result = CommandResult.Of($"[suggest:{line.Length}]", line);
        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.Equal(expected, string.Join(' ', Lines(result)));
    }

    /// <summary>As the shell has it, which types the program's name too.</summary>
    [Fact]
    public void Suggest_LineWithTheProgramsName_CompletesIt()
    {
        CommandResult result = CommandResult.OfProcess(new Dictionary<string, string>(), "[suggest:20]", "sunet train --model ");
        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.Equal(["custom", "sunet-tiny", "sunet128", "sunet64", "sunet7128"], Lines(result));
    }

    /// <summary>A word that is offered is one that is taken, so that lists of words cannot fall behind what is read.</summary>
    [Theory]
    [InlineData("--schedule", "train")]
    [InlineData("--model", "train")]
    [InlineData("--output-stride", "train")]
    [InlineData("--recipe", "info")]
    public void Suggest_EveryChoice_IsTaken(string option, string verb)
    {
        string line = $"{verb} {option} ";
        string[] choices = Lines(CommandResult.Of($"[suggest:{line.Length}]", line));
        Assert.NotEmpty(choices);
        foreach (string choice in choices)
        {
            string[] rest = choice == "custom" ? ["--filters", "4", "--depth", "1", "--widths", "8,8,12,12"] : [];
            string[] model = option == "--model" ? [] : ["--model", "sunet-tiny"];
            CommandResult result = CommandResult.Of(verb == "info" ? [verb, option, choice] :
            [
                verb, option, choice, .. model, .. rest, "--data", runs.Data, "--imgsz", "32", "--batch", "2", "--threads", "1",
                "--workers", "1", "--dry-run", "--project", folder.Path,
            ]);
            Assert.True(result.Code == 0, $"{choice}: {result.Error}");
        }
    }

    private static string[] Lines(CommandResult result) =>
        [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
}
