using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Tests.Cuda;

public sealed class NvtxTests : EmulatorTest
{
    [Fact]
    public void PushAndPop_Enabled_RecordTheNamesInOrder()
    {
        Nvtx.Push("unseen");
        Nvtx.Pop();
        Assert.True(Nvtx.TryEnable());
        try
        {
            Nvtx.Push("step/forward");
            Nvtx.Push("u1/conv");
            Nvtx.Pop();
            Nvtx.Pop();
            Nvtx.Push("step/forward");
            Nvtx.Pop();
        }
        finally
        {
            Nvtx.Disable();
        }

        Nvtx.Push("unseen");
        Nvtx.Pop();
        Assert.False(Nvtx.IsEnabled);
        Assert.Equal([(0, "step/forward"), (1, "u1/conv"), (0, "step/forward")], Emulator.Ranges);
        Assert.Equal(0, Emulator.OpenRanges());
    }

    [Fact]
    public void PushAndPop_KnownName_AllocateNothing()
    {
        Assert.True(Nvtx.TryEnable());
        try
        {
            Nvtx.Push("u1/conv");
            Nvtx.Pop();
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                Nvtx.Push("u1/conv");
                Nvtx.Pop();
            }

            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }
        finally
        {
            Nvtx.Disable();
        }
    }
}
