using System.Runtime.InteropServices;
using System.Text;
using Sunet.Native.Tests.Backends.Cuda;

namespace Sunet.Native.Tests.Emulation;

/// <summary>Kernels run as blocks of threads whose mistakes show, and launches are checked.</summary>
public sealed unsafe class KernelTests : DriverTest
{
    private const int Block = 256;

    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(5, 3, 2, 96)]
    [InlineData(7919, 1, 1, 2)]
    public void Grid_EveryThread_RunsOnce(int x, int y, int z, int block)
    {
        int threads = x * y * z * block;
        nint kernel = Kernel("check_coordinates");
        for (ulong seed = 0; seed < 4; seed++)
        {
            Emulator.Seed(seed);
            nint device = Device<long>(new long[threads]);
            Succeed(LaunchOn(Stream, kernel, (x, y, z), block, device));
            Assert.Equal(Enumerable.Range(1, threads).Select(i => (long)i), Read<long>(device, threads));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Barriers_LeftOut_AreShownByTheOrderOfThreads(bool leftOut)
    {
        int[] values = [.. Enumerable.Range(0, 4 * Block)];
        nint x = Device<int>(values), sums = Device(16), kernel = Kernel("check_block_sum");
        int[] expected = [.. values.Chunk(Block).Select(c => c.Sum())];
        int wrong = 0;
        for (ulong seed = 0; seed < 16; seed++)
        {
            Emulator.Seed(seed);
            Succeed(Launch(kernel, 4, Block, x, sums, leftOut ? 1 : 0));
            wrong += Read<int>(sums, 4).SequenceEqual(expected) ? 0 : 1;
        }

        Assert.Equal(leftOut, wrong > 0);
    }

    [Fact]
    public void Shuffles_AcrossWarps_Sum()
    {
        double[] values = [.. Enumerable.Range(0, Block).Select(i => 0.25 + i)];
        nint x = Device<double>(values), sums = Device(Block * sizeof(double)), kernel = Kernel("check_warp_sum");
        for (ulong seed = 0; seed < 16; seed++)
        {
            Emulator.Seed(seed);
            Succeed(Launch(kernel, 1, Block, x, sums));
            Assert.All(Read<double>(sums, Block), s => Assert.Equal(values.Sum(), s));
        }
    }

    [Theory]
    [InlineData("check_divergent_barrier", 100, "a barrier is not reached by all threads")]
    [InlineData("check_divergent_shuffle", 100, "a shuffle is not reached by all")]
    public void Threads_ThatDiverge_AreCaughtInEveryOrder(string name, int limit, string text)
    {
        for (ulong seed = 0; seed < 8; seed++)
        {
            Emulator.Reset();
            Succeed(Driver.Init(0), Driver.ContextRetain(out nint context, 0), Driver.ContextPush(context));
            Emulator.Seed(seed);
            nint device = Device(4 * Block), stream = NewStream();
            Succeed(LaunchOn(stream, Kernel(name), (1, 1, 1), Block, device, limit));
            Assert.Equal(Answer.LaunchFailed, Driver.StreamSynchronize(stream));
            string found = Assert.Single(Emulator.Violations);
            Assert.True(
                found.Contains(text, StringComparison.Ordinal) || found.Contains("reached by all", StringComparison.Ordinal), found);
            Emulator.ClearViolations();
        }
    }

    [Theory]
    [InlineData("check_divergent_barrier")]
    [InlineData("check_divergent_shuffle")]
    public void Threads_ThatAgree_Run(string name)
    {
        nint device = Device(4 * Block);
        Succeed(Launch(Kernel(name), 1, Block, device, Block), Driver.StreamSynchronize(Stream));
    }

    [Fact]
    public void SharedMemory_NotYetWritten_HoldsNothingOfUse()
    {
        nint device = Device(3 * 4 * Block);
        Succeed(Launch(Kernel("check_shared_unwritten"), 3, Block, device));
        Assert.All(Read<float>(device, 3 * Block), v => Assert.True(float.IsNaN(v)));
    }

    [Fact]
    public void Shuffle_InPartOfAWarp_IsCaught()
    {
        Succeed(Launch(Kernel("check_divergent_shuffle"), 1, 48, Device(4 * Block), Block));
        Assert.Equal(Answer.LaunchFailed, Driver.StreamSynchronize(Stream));
        Caught("shuffle");
    }

    [Fact]
    public void Access_NotAligned_IsCaught()
    {
        nint device = Device(64), kernel = Kernel("check_alignment");
        Succeed(Launch(kernel, 1, 1, device + 16, device), Driver.StreamSynchronize(Stream), Launch(kernel, 1, 1, device + 4, device));
        Assert.Equal(Answer.MisalignedAddress, Driver.StreamSynchronize(Stream));
        Caught("an access of 16 bytes");
    }

    [Fact]
    public void Pointer_NotAlignedToItsElements_IsRefused()
    {
        nint device = Device(64);
        Assert.Equal(Answer.InvalidValue, Launch(Kernel("check_atomic"), 1, 1, device, device + 4));
        Caught("is not aligned to 8 bytes");
    }

    [Fact]
    public void Atomics_ManyBlocks_Count()
    {
        nint counter = Device<int>([0]), sum = Device<long>([0]);
        Succeed(Launch(Kernel("check_atomic"), 10, Block, counter, sum));
        Assert.Equal([10 * Block], Read<int>(counter, 1));
        Assert.Equal([10L * Block * (Block - 1) / 2], Peek<long>(sum, 1));
    }

    [Fact]
    public void Launch_BeyondTheBound_IsRefused()
    {
        nint device = Device(64), kernel = Kernel("check_atomic");
        Assert.Equal(Answer.InvalidValue, Launch(kernel, 1, Block + 1, device, device));
        Caught("beyond its launch bound 256");
        Assert.Equal(Answer.InvalidValue, Launch(kernel, 0, Block, device, device));
        Caught("a grid of 0 x 1 x 1 blocks");
        Assert.Equal(Answer.InvalidValue, LaunchOn(Stream, kernel, (1, 65536, 1), Block, device, device));
        Caught("a grid of 1 x 65536 x 1 blocks");
        Assert.Equal(Answer.InvalidValue, Driver.Launch(kernel, 1, 1, 1, 32, 2, 1, 0, Stream, null, null));
        Caught("blocks of 32 x 2 x 1 threads");
        Assert.Equal(Answer.InvalidValue, Driver.Launch(kernel, 1, 1, 1, 32, 1, 1, 16, Stream, null, null));
        Caught("dynamic shared memory");
        Assert.Equal(Answer.InvalidValue, Driver.Launch(kernel, 1, 1, 1, 32, 1, 1, 0, Stream, null, null));
        Caught("parameter 0 is missing");
    }

    [Fact]
    public void Launch_ModuleUnloaded_IsRefused()
    {
        Succeed(Load(".version 7.0\n.target sm_80\n.address_size 64\n.entry check_atomic()\n", out nint module));
        Succeed(Driver.GetFunction(out nint function, module, "check_atomic"), Driver.ModuleUnload(module));
        nint device = Device(64);
        Assert.Equal(Answer.InvalidHandle, Launch(function, 1, 1, device, device));
        Caught("the module of kernel check_atomic has been unloaded");
        Assert.Equal(Answer.InvalidHandle, Launch(12345, 1, 1, device, device));
        Caught("is no kernel of a loaded module");
    }

    [Theory]
    [InlineData("\u007fELF", (int)Answer.InvalidImage)]
    [InlineData(".version 9.9\n.target sm_80\n.address_size 64\n", (int)Answer.UnsupportedPtxVersion)]
    [InlineData(".version 8.7\n.target sm_100\n.address_size 64\n", (int)Answer.NoBinaryForGpu)]
    [InlineData(".version 7.0\n.target sm_80\n.address_size 32\n", (int)Answer.InvalidPtx)]
    [InlineData("// .version 7.0\n// .target sm_80\n", (int)Answer.InvalidImage)]
    [InlineData(".version 8.0\n.target sm_90a\n.address_size 64\n", (int)Answer.Success)]
    public void Module_Image_IsJudgedAsByADriver(string image, int expected) =>
        Assert.Equal((Answer)expected, Load(image, out _));

    [Fact]
    public void Module_RefusedImage_WritesTheLog()
    {
        const int size = 256;
        byte* log = stackalloc byte[size];
        int* options = stackalloc int[] { 5, 6 };
        nint* values = stackalloc nint[] { (nint)log, size };
        fixed (byte* image = Encoding.UTF8.GetBytes(".version 9.9\n.target sm_80\n.address_size 64\n\0"))
            Assert.Equal(Answer.UnsupportedPtxVersion, Driver.ModuleLoad(out _, image, 2, options, values));
        string text = Marshal.PtrToStringUTF8((nint)log)!;
        Assert.Contains("Unsupported .version 9.9", text, StringComparison.Ordinal);
        Assert.Equal(text.Length + 1, values[1]);
    }

    [Fact]
    public void Module_KernelsNotInBoth_AreNotFound()
    {
        Succeed(Load(".version 7.0\n.target sm_80\n.address_size 64\n.entry no_such_kernel()\n", out nint module));
        Caught("kernel no_such_kernel is not among those compiled for the host");
        Assert.Equal(Answer.NotFound, Driver.GetFunction(out _, module, "no_such_kernel"));
        Assert.Equal(Answer.NotFound, Driver.GetFunction(out _, module, "check_axpy"));
    }

    [Fact]
    public void KernelParameters_OfAKernel_AreAsItsSourceSays()
    {
        int* sizes = stackalloc int[4];
        Assert.Equal(4, Emulator.KernelParameters("check_axpy", sizes, 4));
        Assert.Equal([-8, -8, 4, 4], new ReadOnlySpan<int>(sizes, 4).ToArray());
        Assert.Equal(Block, Emulator.KernelBlock("check_axpy"));
        Assert.Equal(-1, Emulator.KernelParameters("no_such_kernel", sizes, 4));
    }

    [Fact]
    public void Module_OfTheProduct_HasEveryKernelOfTheHost()
    {
        string ptx = File.ReadAllText(Path.Combine(Emulator.Folder, "..", "sunet_kernels.ptx"));
        Succeed(Load(ptx, out nint module));
        for (int i = 0; Marshal.PtrToStringUTF8(Emulator.KernelName(i)) is { } name; i++)
        {
            if (!name.StartsWith("check_", StringComparison.Ordinal))
                Assert.True(Driver.GetFunction(out _, module, name) == Answer.Success, $"{name} is not in the PTX");
        }

        Succeed(Driver.GetFunction(out _, module, "relu_f32"));
    }
}
