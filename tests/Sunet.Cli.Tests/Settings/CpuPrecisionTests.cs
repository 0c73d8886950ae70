using Sunet.Native.Interop.Cpu;

namespace Sunet.Cli.Tests.Settings;

/// <summary>Precisions on the CPU: what is refused, and that bfloat16 is taken by every verb that computes.</summary>
public sealed class CpuPrecisionTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private static readonly string[] Bf16 = ["--device", "cpu", "--precision", "bf16"];
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Info_Tf32OnTheCpu_IsAUsageError()
    {
        CommandResult result = CommandResult.Of("info", "--model", "sunet-tiny", "--device", "cpu", "--precision", "tf32");
        Assert.Equal(1, result.Code);
        Assert.Contains("'--precision tf32' is for a GPU", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void Doctor_Always_SaysWhetherTheCpuMultipliesBf16AndHowFast()
    {
        CommandResult result = CommandResult.Of("doctor", "--json");
        NativeRuntimeInfo runtime = NativeRuntime.Query();
        string expected = runtime.HasBFloat16
            ? $@"multiplied {(runtime.PrefersFloat16 ? "in float16" : "by the CPU")}; convolutions \d+\.\d\d times as fast as in float32"
            : "no: it takes AVX-512 BF16";
        Assert.Matches($"\"bf16 on the CPU\":\"{expected}\"", result.Output);
    }

    [Fact]
    public void TrainThenValidate_InBf16_SucceedsOrSaysWhatTheCpuLacks()
    {
        CommandResult trained = Train("exp");
        if (!NativeRuntime.Query().HasBFloat16)
        {
            Assert.Equal(3, trained.Code);
            Assert.Contains("AVX-512 BF16", Assert.Single(trained.ErrorLines), StringComparison.Ordinal);
            return;
        }

        Assert.True(trained.Code == 0, trained.Error);
        string how = NativeRuntime.Query().PrefersFloat16 ? "bf16 multiplied in float16\n" : "bf16\n";
        Assert.Contains("device: cpu, 1 thread, " + how, trained.Error, StringComparison.Ordinal);
        Assert.Contains("device: cpu, 1 thread, bf16\n", Train("other", "--no-float16").Error, StringComparison.Ordinal);
        string weights = folder["runs", "exp", "weights", "best.safetensors"];
        CommandResult validated = CommandResult.Of(["val", "--data", runs.Data, "--weights", weights, "--quiet", "--json", .. Bf16]);
        Assert.True(validated.Code == 0, validated.Error);
        Assert.Contains("\"mIoU\"", validated.Output, StringComparison.Ordinal);
    }

    private CommandResult Train(string name, params string[] more) =>
        CommandResult.Of(TinyRuns.Train(runs.Data, folder["runs"], name, ["--epochs", "1", .. Bf16, .. more]));
}
