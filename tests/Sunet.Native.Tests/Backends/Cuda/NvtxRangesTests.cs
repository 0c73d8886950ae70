using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Tests.Backends.Cuda;

public sealed class NvtxRangesTests : EmulatorTest
{
    [Fact]
    public void PushAndPop_Enabled_RecordTheNamesInOrder()
    {
        NvtxRanges.Push("unseen");
        NvtxRanges.Pop();
        Assert.True(NvtxRanges.TryEnable());
        try
        {
            NvtxRanges.Push("step/forward");
            NvtxRanges.Push("u1/conv");
            NvtxRanges.Pop();
            NvtxRanges.Pop();
            NvtxRanges.Push("step/forward");
            NvtxRanges.Pop();
        }
        finally
        {
            NvtxRanges.Disable();
        }

        NvtxRanges.Push("unseen");
        NvtxRanges.Pop();
        Assert.False(NvtxRanges.IsEnabled);
        Assert.Equal([(0, "step/forward"), (1, "u1/conv"), (0, "step/forward")], Emulator.Ranges);
        Assert.Equal(0, Emulator.OpenRanges());
    }

    [Fact]
    public void PushAndPop_KnownName_AllocateNothing()
    {
        Assert.True(NvtxRanges.TryEnable());
        try
        {
            NvtxRanges.Push("u1/conv");
            NvtxRanges.Pop();
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                NvtxRanges.Push("u1/conv");
                NvtxRanges.Pop();
            }

            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }
        finally
        {
            NvtxRanges.Disable();
        }
    }
}
