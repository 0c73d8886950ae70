using System.Runtime.InteropServices;
using Sunet.Native.Tests.Backends.Cuda;

namespace Sunet.Native.Tests.Emulation;

/// <summary>The emulated NVTX remembers ranges and catches those that do not match.</summary>
public sealed unsafe class RangeTests : DriverTest
{
    [Fact]
    public void Ranges_Nested_AreRecordedWithTheirDepth()
    {
        nint domain = Libraries.DomainCreate("domain"), text = Libraries.DomainRegister(domain, "inner");
        Assert.Equal(0, Libraries.RangePush("outer"));
        Assert.Equal(1, Libraries.RangePush("middle"));
        Attributes attributes = new() { Version = 3, Size = 48, MessageType = 3, Message = text };
        Assert.Equal(0, Libraries.DomainPush(domain, &attributes));
        Assert.Equal(3, Emulator.OpenRanges());
        Libraries.Mark("here");
        Assert.Equal([(0, "outer"), (1, "middle"), (0, "inner")], Emulator.Ranges);
        Assert.Equal("here", Emulator.Mark(0));
        Assert.Null(Emulator.Mark(1));
        Assert.Equal(0, Libraries.DomainPop(domain));
        Assert.Equal(1, Libraries.RangePop());
        Assert.Equal(0, Libraries.RangePop());
        Assert.Equal(0, Emulator.OpenRanges());
        Assert.Equal(1, Emulator.Outstanding(EmulatedKind.RangeDomains));
        Libraries.DomainDestroy(domain);
        Assert.Equal(0, Emulator.Outstanding(EmulatedKind.RangeDomains));
    }

    [Fact]
    public void Ranges_OfAnotherThread_AreNotClosed()
    {
        Libraries.RangePush("here");
        int answer = 0;
        Thread other = new(() => answer = Libraries.RangePop());
        other.Start();
        other.Join();
        Assert.Equal(-1, answer);
        Caught("no range is open on this thread");
        Assert.Equal(0, Libraries.RangePop());
    }

    [Theory]
    [InlineData(2, 48, 3, "version 3")]
    [InlineData(3, 40, 3, "48 bytes")]
    [InlineData(3, 48, 2, "message of type 2")]
    [InlineData(3, 48, 3, "registered in this domain")]
    public void Push_WithWrongAttributes_IsCaught(int version, int size, int type, string text)
    {
        nint domain = Libraries.DomainCreate("domain"), other = Libraries.DomainCreate("other");
        nint elsewhere = Libraries.DomainRegister(other, "text");
        Attributes attributes = new() { Version = (ushort)version, Size = (ushort)size, MessageType = type, Message = elsewhere };
        Assert.Equal(-1, Libraries.DomainPush(domain, &attributes));
        Caught(text);
        Assert.Empty(Emulator.Ranges);
    }

    [Fact]
    public void Domain_Destroyed_IsRefused()
    {
        nint domain = Libraries.DomainCreate("domain");
        Libraries.DomainDestroy(domain);
        Assert.Equal(-1, Libraries.DomainPop(domain));
        Caught("has been destroyed");
        Assert.Equal(0, Libraries.DomainRegister(domain, "text"));
        Caught("has been destroyed");
    }

    [StructLayout(LayoutKind.Explicit, Size = 48)]
    private struct Attributes
    {
        [FieldOffset(0)]
        public ushort Version;

        [FieldOffset(2)]
        public ushort Size;

        [FieldOffset(32)]
        public int MessageType;

        [FieldOffset(40)]
        public nint Message;
    }
}
