using System.Text.Json;
using Sunet.Cli.Runs.Training;
using Sunet.Cli.Settings;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Training;

namespace Sunet.Cli.Tests.Runs.Training;

/// <summary>The recipes have the paper's numbers, and anything else that is said takes precedence over them.</summary>
public sealed class RecipeTests(TinyRuns runs) : IClassFixture<TinyRuns>
{
    [Fact]
    public void Imagenet_Resolved_HasTheNumbersOfSection61()
    {
        Recipe recipe = Recipe.ByName("imagenet");
        TrainSettings settings = Read("imagenet");
        Assert.Equal(SunetHead.Classifier, recipe.Head);
        Assert.Equal(RecipeStart.Nothing, recipe.Start);
        Assert.Equal((256, (224, 224)), (settings.Values.Int("batch", 1), settings.Values.Size("imgsz")));
        Assert.Equal((100, null), (settings.Epochs, settings.Iterations));
        SgdOptions sgd = settings.Trainer.Sgd;
        Assert.Equal((0.01, 0.9f, 5e-4f), (sgd.LearningRate, sgd.Momentum, sgd.WeightDecay));
        Assert.True(sgd.Nesterov);
        Assert.Equal(0, sgd.Dampening);
        Assert.Empty(sgd.Groups);
        Assert.Equal(("0.08", "0.4", "0.1"),
            (settings.Values.Text("area-min"), settings.Values.Text("color-jitter"), settings.Values.Text("lighting")));
        Assert.Equal("train", settings.Values.Text("train-split"));
    }

    [Theory]
    [InlineData(0, 0.01)]
    [InlineData((30 * 5004) - 1, 0.01)]
    [InlineData(30 * 5004, 0.001)]
    [InlineData(50 * 5004, 0.001)]
    [InlineData(60 * 5004, 1e-4)]
    [InlineData((90 * 5004) - 1, 1e-4)]
    [InlineData(90 * 5004, 1e-5)]
    [InlineData((100 * 5004) - 1, 1e-5)]
    public void Imagenet_RateAtStep_IsDividedByTenEvery30Epochs(long step, double rate)
    {
        TrainSettings settings = Read("imagenet");
        Assert.Equal(500_400, settings.Steps(5004));
        Assert.Equal(rate, Rate(settings, 5004, step), rate * 1e-12);
    }

    [Theory]
    [InlineData("voc", 45_000, 2e-4, "trainaug", false, false)]
    [InlineData("cityscapes", 90_000, 2e-4, "train", false, false)]
    [InlineData("coco-pretrain", 90_000, 2e-4, "train", false, false)]
    [InlineData("voc-from-coco", 5_000, 2e-5, "trainaug", false, true)]
    [InlineData("voc-trainval", 5_000, 2e-5, "trainval", true, true)]
    public void Segmenters_Resolved_HaveTheNumbersOfSection72(
        string name, int iterations, double rate, string split, bool frozen, bool goesOn)
    {
        Recipe recipe = Recipe.ByName(name);
        TrainSettings settings = Read(name);
        Assert.Equal(SunetHead.Segmenter, recipe.Head);
        Assert.Equal(goesOn ? RecipeStart.Segmenter : RecipeStart.Classifier, recipe.Start);
        Assert.Equal((null, iterations), (settings.Epochs, settings.Iterations));
        SgdOptions sgd = settings.Trainer.Sgd;
        Assert.Equal((rate, 0.95f, 1e-4f), (sgd.LearningRate, sgd.Momentum, sgd.WeightDecay));
        Assert.False(sgd.Nesterov);
        Assert.Equal(0.01f, settings.Trainer.BatchNormMomentum);
        Assert.Equal(frozen, settings.Trainer.FrozenBatchNorm);
        Assert.Equal((22, 1), (settings.Values.Int("batch", 1), settings.Trainer.Accumulate));
        Assert.Equal((512, 512), settings.Values.Size("imgsz"));
        Assert.Equal(16, ModelSettings.OutputStride(settings.Values));
        Assert.Equal([0.5, 2, 10], new[] { "scale-min", "scale-max", "rotation" }.Select(n => settings.Values.Number(n)));
        Assert.True(settings.Values.Flag("flip"));
        Assert.Equal((split, "val"), (settings.Values.Text("train-split"), settings.Values.Text("val-split")));
        Assert.Equal((10, 20, 1), (Multiplier(settings, "final.conv1.weight"), Multiplier(settings, "final.conv1.bias"),
            Multiplier(settings, "features.conv1.weight")));
    }

    [Theory]
    [InlineData("voc", 0, 2e-4)]
    [InlineData("voc", 22_500, 1e-4)]
    [InlineData("voc", 44_999, 2.4369394e-13)]
    [InlineData("cityscapes", 45_000, 1e-4)]
    [InlineData("voc-from-coco", 0, 2e-5)]
    [InlineData("voc-from-coco", 2_500, 1e-5)]
    [InlineData("voc-trainval", 4_999, 1.9739206e-12)]
    public void Segmenters_RateAtStep_FollowsTheCosine(string name, long step, double rate) =>
        Assert.Equal(rate, Rate(Read(name), 481, step), rate * 1e-6);

    [Fact]
    public void Train_RecipeFileAndCommandLine_TakePrecedenceInThatOrder()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["my.yaml"], "recipe: voc\nepochs: 3\nlr: 0.5\nmomentum: 0.8\n");
        string[] rows = DryRun("--config", folder["my.yaml"], "--lr", "0.25", "--train-split", "train");
        Assert.Equal("0.25 command line", Row(rows, "lr"));
        Assert.Equal("0.8 file", Row(rows, "momentum"));
        Assert.Equal("0.0001 recipe", Row(rows, "weight-decay"));
        Assert.Equal("1 default", Row(rows, "accumulate"));
        Assert.Equal("3 file", Row(rows, "epochs"));
        Assert.DoesNotContain(rows, r => r.StartsWith("iters ", StringComparison.Ordinal));
    }

    [Fact]
    public void Train_ScheduleInPlaceOfTheRecipes_DropsItsSteps()
    {
        var recipe = Recipe.ByName("imagenet");
        var values = new SettingValues(TrainSettings.RunSettings, new Dictionary<string, string> { ["schedule"] = "cosine" });
        SettingValues run = values.Over(recipe.Values, SettingSource.Recipe);
        Assert.False(run.IsGiven("lr-step-size"));
        Assert.True(run.IsGiven("nesterov"));
    }

    [Fact]
    public void Train_RecipeWithoutTheWeightsItNeeds_SaysSo()
    {
        CommandResult result = CommandResult.Of("train", "--recipe", "voc-trainval", "--data", runs.Data);
        Assert.Equal(1, result.Code);
        Assert.Contains("goes on from a segmenter; name its checkpoint with '--weights'", Assert.Single(result.ErrorLines),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Train_RecipeThatFineTunesWithoutWeights_WarnsAndTrains()
    {
        using var folder = new TemporaryFolder();
        CommandResult result = CommandResult.Of([.. TinyRuns.Train(runs.Data, folder.Path, "exp", "--iters", "1", "--train-split", "val"),
            "--recipe", "voc"]);
        Assert.True(result.Code == 0, result.Error);
        Assert.Contains("without '--weights' training starts from nothing", result.Error, StringComparison.Ordinal);
        Assert.Contains("note: 3 of 3 validation images are also trained on", result.Error, StringComparison.Ordinal);
        string[] saved = File.ReadAllLines(folder["exp", "args.yaml"]);
        Assert.Contains("recipe: voc", saved);
        Assert.Contains("train-split: val", saved);
        Assert.Contains("weight-decay: 0.0001", saved);

        // A run goes on by its own settings: not even the name of the recipe has to be known any more.
        File.WriteAllLines(folder["exp", "args.yaml"], saved.Select(l => l == "recipe: voc" ? "recipe: forgotten" : l));
        Assert.Equal(0, CommandResult.Of("train", "--resume", folder["exp"]).Code);
    }

    [Fact]
    public void Train_RecipeThatGoesOnFromASegmenter_KeepsTheHead()
    {
        using var folder = new TemporaryFolder();
        CommandResult result = CommandResult.Of("train", "--recipe", "voc-trainval", "--data", runs.Data, "--train-split", "train",
            "--weights", runs.Weights, "--imgsz", "32", "--batch", "2", "--lr", "0", "--iters", "1", "--threads", "1",
            "--project", folder.Path);
        Assert.True(result.Code == 0, result.Error);
        Assert.Contains("weights: features and head of", result.Error, StringComparison.Ordinal);
        SunetModel before = SunetModel.Load(runs.Weights), after = SunetModel.Load(folder["exp", "weights", "last.safetensors"]);
        Assert.All(before.Names, n => Assert.Equal(before.Read(n).ToArray(), after.Read(n).ToArray()));
    }

    [Fact]
    public void Train_RecipeHelp_ListsEveryRecipe()
    {
        CommandResult result = CommandResult.Of("train", "--recipe", "help");
        Assert.Equal(0, result.Code);
        Assert.All(Recipe.All, r => Assert.Contains($"\n{r.Name}: ", "\n" + result.Output, StringComparison.Ordinal));
    }

    [Fact]
    public void Info_Recipe_ShowsItsSettingsAndWhereTheyComeFrom()
    {
        CommandResult table = CommandResult.Of("info", "--recipe", "imagenet");
        CommandResult json = CommandResult.Of("info", "--recipe", "voc", "--json");
        Assert.Equal((0, 0), (table.Code, json.Code));
        Assert.StartsWith("30 recipe schedule step", Row(table.Output.Split('\n'), "lr-step-size"), StringComparison.Ordinal);
        Assert.StartsWith("1 default", Row(table.Output.Split('\n'), "val-every"), StringComparison.Ordinal);
        using JsonDocument parsed = JsonDocument.Parse(json.Output);
        Assert.Equal("45000", parsed.RootElement.GetProperty("settings").GetProperty("iters").GetString());
        CommandResult refused = CommandResult.Of("info", "--recipe", "voc", "--model", "sunet64");
        Assert.Equal(1, refused.Code);
        Assert.Contains("leave out '--model'", refused.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, new[] { 10.0, 30.0, 20.0, 30.0 }, new[] { true, true, false, false })]
    [InlineData(false, new[] { double.NaN, 90.0, 95.0, 80.0 }, new[] { false, true, false, true })]
    public void Progress_EpochsClosed_KnowsTheBest(bool higherIsBetter, double[] scores, bool[] best)
    {
        var progress = new TrainingProgress([new Metric("score", higherIsBetter)]);
        Assert.Equal(best, scores.Select((score, i) => progress.Close(new EpochRow(i + 1, 0, 0, [score], 0))));
        Assert.Equal(Array.LastIndexOf(best, true) + 1, progress.BestEpoch);
        Assert.Equal(scores[progress.BestEpoch - 1], progress.BestScore);
    }

    [Fact]
    public void Recipes_Settings_AreAllKnown() => Assert.All(Recipe.All,
        r => Assert.Subset(TrainSettings.RunSettingsOf(r.Head).Select(s => s.Name).ToHashSet(), r.Values.Keys.ToHashSet()));

    private static TrainSettings Read(string recipe)
    {
        var given = new SettingValues(TrainSettings.RunSettings, new Dictionary<string, string> { ["data"] = "none" });
        return TrainSettings.From(given.Over(Recipe.ByName(recipe).Values, SettingSource.Recipe), Recipe.ByName(recipe).Head, recipe: null);
    }

    private static double Rate(TrainSettings settings, int stepsPerEpoch, long step) =>
        settings.Trainer.Sgd.LearningRate * settings.Schedule(stepsPerEpoch).Factor(step);

    private static float Multiplier(TrainSettings settings, string parameter) =>
        settings.Trainer.Sgd.Groups.FirstOrDefault(g => g.Matches(parameter))?.LearningRateMultiplier ?? 1;

    private string[] DryRun(params string[] more)
    {
        CommandResult result = CommandResult.Of(["train", "--data", runs.Data, "--model", "custom", "--filters", "4", "--depth", "1",
            "--widths", "8,8,12,12", "--stem-width", "4", "--residual-width", "8", "--imgsz", "32", "--batch", "2", "--threads", "1",
            "--dry-run", .. more]);
        Assert.True(result.Code == 0, result.Error);
        return result.Output.Split('\n');
    }

    /// <summary>Value and source of a setting, one space apart.</summary>
    private static string Row(string[] rows, string setting) => string.Join(' ',
        rows.Select(r => r.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Single(r => r.FirstOrDefault() == setting).Skip(1));
}
