using System.Runtime.CompilerServices;

namespace Sunet.Cli.Tests;

/// <summary>The console on the emulated GPU, as processes of their own that are pointed to it.</summary>
public sealed class CudaRunTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static Dictionary<string, string> OnEmulator { get; } =
        new() { ["SUNET_NATIVE_PATH"] = Path.Combine(Root(), "artifacts", "native", "emulator") };

    [Theory]
    [InlineData("float32")]
    [InlineData("bf16")]
    public void Train_ThenValidate_OnAGpu_Succeeds(string precision)
    {
        string[] train = TinyRuns.Train(runs.Data, folder["runs"], "exp", "--epochs", "1", "--device", "cuda:0", "--precision", precision);
        CommandResult trained = CommandResult.OfProcess(OnEmulator, train);
        Assert.True(trained.Code == 0, trained.Error);
        Assert.Contains("cuda:0", trained.Output + trained.Error, StringComparison.Ordinal);
        string weights = Path.Combine(folder["runs"], "exp", "weights", "best.safetensors");
        CommandResult validated = CommandResult.OfProcess(
            OnEmulator, "val", "--data", runs.Data, "--weights", weights, "--device", "cuda", "--precision", precision, "--quiet", "--json");
        Assert.True(validated.Code == 0, validated.Error);
        Assert.Contains("\"mIoU\"", validated.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Bench_MoreThanTheGpuHas_IsOutOfMemoryWithThePlansBytes()
    {
        CommandResult result = CommandResult.OfProcess(
            OnEmulator, "bench", "--train", "--model", "sunet64", "--imgsz", "2048", "--batch", "16", "--device", "cuda:0");
        Assert.Equal(4, result.Code);
        Assert.Contains("The plan needs", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void Doctor_WithAGpu_ComputesOnIt()
    {
        CommandResult result = CommandResult.OfProcess(OnEmulator, "doctor");
        Assert.Equal(0, result.Code);
        Assert.Contains("cuDNN", result.Output, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("cuda:0", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Profile_OnAGpu_ShowsLayersByName()
    {
        CommandResult result = CommandResult.OfProcess(OnEmulator,
            "profile", "--model", "custom", "--filters", "8", "--depth", "1", "--widths", "8,8,8,8", "--imgsz", "64", "--device", "cuda", "--window", "1:2");
        Assert.True(result.Code == 0, result.Error);
    }

    public void Dispose() => folder.Dispose();

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../.."));
}
