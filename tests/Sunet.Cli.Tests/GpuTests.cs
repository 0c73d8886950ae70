using System.Text.Json;

namespace Sunet.Cli.Tests;

/// <summary>Verbs on a GPU, which is emulated: what is chosen, what is refused, and that it computes.</summary>
public sealed class GpuTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Doctor_WithAGpu_ConvolvesOnIt()
    {
        CommandResult result = Emulated.Run(["doctor", "--json"]);
        Assert.True(result.Code == 0, result.Output + result.Error);
        using JsonDocument facts = JsonDocument.Parse(result.Output);
        Assert.Equal("right", facts.RootElement.GetProperty("test convolution on cuda:0").GetString());
        Assert.Equal("works: cpu, cuda:0", facts.RootElement.GetProperty("verdict").GetString());
        Assert.StartsWith("9.", facts.RootElement.GetProperty("libcudnn.so.9").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("auto", "device: cuda:0, Sunet emulator")]
    [InlineData("cuda", "device: cuda:0, Sunet emulator")]
    [InlineData("cpu", "device: cpu, ")]
    public void Predict_OnADevice_SaysWhichAndGivesTheSameClasses(string device, string said)
    {
        CommandResult result = Emulated.Run([.. Predict(device), "--device", device]);
        Assert.True(result.Code == 0, result.Error);
        Assert.Contains(said, result.Error, StringComparison.Ordinal);
        CommandResult expected = CommandResult.Of([.. Predict("expected"), "--device", "cpu"]);
        Assert.Equal(0, expected.Code);
        foreach (string file in Directory.GetFiles(folder["expected", "exp"], "*.png"))
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(folder[device, "exp", Path.GetFileName(file)]));
    }

    [Fact]
    public void Train_WithTheSettingsOfAnEarlierRun_EndsInItsBits()
    {
        string[] device = ["--device", "cuda", "--precision", "bf16", "--deterministic"];
        CommandResult whole = Emulated.Run(TinyRuns.Train(runs.Data, folder["runs"], "whole", ["--epochs", "2", .. device]));
        Assert.True(whole.Code == 0, whole.Error);
        Assert.Contains("bf16", File.ReadAllText(folder["runs", "whole", "args.yaml"]), StringComparison.Ordinal);

        // The saved settings name the device and how it was used.
        CommandResult again = Emulated.Run(["train", "--config", folder["runs", "whole", "args.yaml"], "--name", "again"]);
        Assert.True(again.Code == 0, again.Error);
        Assert.Contains("device: cuda:0", again.Error, StringComparison.Ordinal);
        Assert.Equal(
            TinyRuns.Hash(folder["runs", "whole", "weights", "last.safetensors"]),
            TinyRuns.Hash(folder["runs", "again", "weights", "last.safetensors"]));
    }

    [Theory]
    [InlineData("float32")]
    [InlineData("bf16")]
    public void Train_ThenValidate_Succeeds(string precision)
    {
        string[] device = ["--device", "cuda:0", "--precision", precision];
        CommandResult trained = Emulated.Run(TinyRuns.Train(runs.Data, folder["runs"], "exp", ["--epochs", "1", .. device]));
        Assert.True(trained.Code == 0, trained.Error);
        string weights = folder["runs", "exp", "weights", "best.safetensors"];
        CommandResult validated = Emulated.Run(["val", "--data", runs.Data, "--weights", weights, "--quiet", "--json", .. device]);
        Assert.True(validated.Code == 0, validated.Error);
        Assert.Contains("\"mIoU\"", validated.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Info_MoreThanTheDeviceHas_IsRefusedWithThePlansBytes()
    {
        CommandResult result = Emulated.Run(
            ["info", "--model", "sunet7128", "--train", "--batch", "64", "--imgsz", "512", "--device", "cuda"]);
        Assert.Equal(4, result.Code);
        string line = Assert.Single(result.ErrorLines);
        Assert.Contains("for activations", line, StringComparison.Ordinal);
        Assert.Contains("the device has", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cuda:7", 3, "7")]
    [InlineData("cuda:", 1, "one of cpu, cuda, cuda:N, auto")]
    [InlineData("cuda:-1", 1, "one of cpu, cuda, cuda:N, auto")]
    public void Predict_DeviceThatIsNotThere_IsOneLine(string device, int code, string said)
    {
        CommandResult result = Emulated.Run([.. Predict("none"), "--device", device]);
        Assert.Equal(code, result.Code);
        Assert.Contains(said, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["none"]));
    }

    [Theory]
    [InlineData("libcuda.so.1")]
    [InlineData("libcudnn.so.9")]
    public void AnyCommand_BrokenLibraryOfTheGpu_IsADeviceErrorAndAutoTakesTheCpu(string library)
    {
        Break(library);
        CommandResult refused = Emulated.Run([.. Predict("none"), "--device", "cuda"], folder["broken"]);
        Assert.Equal(3, refused.Code);
        Assert.Contains(library, Assert.Single(refused.ErrorLines), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["none"]));

        CommandResult chosen = Emulated.Run(Predict("auto"), folder["broken"]);
        Assert.True(chosen.Code == 0, chosen.Error);
        Assert.Contains("device: cpu, ", chosen.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(library, chosen.Error, StringComparison.Ordinal);
        using JsonDocument facts = JsonDocument.Parse(Emulated.Run(["doctor", "--json"], folder["broken"]).Output);
        Assert.StartsWith(
            $"cpu; not a GPU: {folder["broken", library]}", facts.RootElement.GetProperty("--device auto").GetString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Info_WithoutTheCpuLibrary_WorksOnAGpu()
    {
        Break("libsunet_cpu.so");
        string[] info = ["info", "--model", "sunet-tiny", "--imgsz", "64"];
        Assert.Equal(0, Emulated.Run([.. info, "--device", "cuda"], folder["broken"]).Code);
        Assert.Equal(3, Emulated.Run([.. info, "--device", "cpu"], folder["broken"]).Code);
        Assert.Equal(0, Emulated.Run(["doctor"], folder["broken"]).Code);
    }

    [Fact]
    public void SelfTest_OfOnePrecision_PassesAndReportsEveryOp()
    {
        CommandResult result = Emulated.Run(["selftest", "--device", "cuda:0", "--precision", "bf16", "--quick", "--json", "--quiet"]);
        Assert.True(result.Code == 0, result.Output + result.Error);
        using JsonDocument report = JsonDocument.Parse(result.Output);
        Assert.True(report.RootElement.GetProperty("ok").GetBoolean());
        JsonElement[] checks = [.. report.RootElement.GetProperty("checks").EnumerateArray()];
        Assert.Contains(checks, c => c.GetProperty("name").GetString() == "BatchNormGradient" && c.GetProperty("error").GetDouble() > 1e-5);
        Assert.Contains(checks, c => c.GetProperty("detail").GetString() == "prediction logits");
        Assert.All(checks, c => Assert.Equal("bf16", c.GetProperty("precision").GetString()));
    }

    [Fact]
    public void SelfTest_OfSomeChecks_MakesThoseAlone()
    {
        string[] args = ["selftest", "--device", "cuda:0", "--precision", "float32", "--quick", "--json", "--quiet", "--only"];
        CommandResult result = Emulated.Run([.. args, "Relu,training"]);
        Assert.True(result.Code == 0, result.Output + result.Error);
        using JsonDocument report = JsonDocument.Parse(result.Output);
        IEnumerable<string?> names = report.RootElement.GetProperty("checks")
            .EnumerateArray().Select(c => c.GetProperty("name").GetString());
        Assert.Equal(["Relu", "Relu", "20 steps, twice"], names);
        CommandResult wrong = Emulated.Run([.. args, "Relu,nothing"]);
        Assert.Equal(1, wrong.Code);
        Assert.Contains("Softmax", wrong.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Bench_OnAGpu_TimesStepsBetweenRunsOfTheirLayers(bool train)
    {
        string[] args =
            ["bench", "--model", "sunet-tiny", "--imgsz", "64x96", "--batch", "2", "--iters", "3", "--device", "cuda", "--json"];
        CommandResult result = Emulated.Run(train ? [.. args, "--train"] : args);
        Assert.True(result.Code == 0, result.Error);
        using JsonDocument report = JsonDocument.Parse(result.Output);
        Assert.True(report.RootElement.GetProperty("step_ms").GetDouble() > 0);
        Assert.True(report.RootElement.GetProperty("compile_ms").GetDouble() > 0);
    }

    [Theory]
    [InlineData("0:1", false)]
    [InlineData("2:3", true)]
    public void Profile_OfSteps_SaysWhatTheProfilerSaw(string window, bool train)
    {
        string[] args = ["profile", "--model", "sunet-tiny", "--imgsz", "64x96", "--batch", "2", "--device", "cuda", "--window", window];
        CommandResult result = Emulated.Run(train ? [.. args, "--train"] : args);
        Assert.True(result.Code == 0, result.Error);
        Assert.Contains(train ? "training steps 2 to 4" : "predictions 0 to 0", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("5", "10:5")]
    [InlineData("5:0", "10:5")]
    public void Profile_WrongWindow_IsAUsageError(string window, string said)
    {
        CommandResult result = CommandResult.Of("profile", "--model", "sunet-tiny", "--window", window);
        Assert.Equal(1, result.Code);
        Assert.Contains(said, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void Profile_OfTheCpu_IsADeviceError()
    {
        CommandResult result = CommandResult.Of("profile", "--model", "sunet-tiny", "--imgsz", "64", "--device", "cpu");
        Assert.Equal(3, result.Code);
        Assert.Contains("'sunet bench' times the CPU", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    private void Break(string library)
    {
        Directory.CreateDirectory(folder["broken"]);
        File.WriteAllText(folder["broken", library], "no library");
    }

    private string[] Predict(string project) =>
    [
        "predict", "--weights", runs.Weights, "--source", Path.Combine(runs.Data, "JPEGImages", "*.jpg"), "--project", folder[project],
        "--name", "exp", "--threads", "1",
    ];
}
