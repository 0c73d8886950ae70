using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Backends.Cpu;

/// <summary>The CPU in bfloat16 where it has that; elsewhere what is tested is that it is refused.</summary>
internal static class Bf16Cpu
{
    private static readonly CpuOptions Options = new() { Precision = Precision.Bf16 };

    /// <summary>Runs a test on the CPU in bfloat16; on one without, asserts that no such backend can be made.</summary>
    /// <param name="test">Does not keep the backend.</param>
    /// <param name="threads">How many threads a call uses; 0 for all.</param>
    public static void Run(Action<CpuBackend> test, int threads = 0)
    {
        CpuOptions options = Options with { Threads = threads };
        if (!NativeRuntime.Query().HasBFloat16)
        {
            Assert.Contains("bfloat16", Assert.Throws<BackendException>(() => new CpuBackend(options)).Message, StringComparison.Ordinal);
            return;
        }

        using var backend = new CpuBackend(options);
        test(backend);
    }
}
