using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

public sealed class FormatTests : IDisposable
{
    private readonly CpuContextHandle context = CpuContextHandle.Create(2);

    public void Dispose() => context.Dispose();

    [Theory]
    [InlineData(0, "abcd", 2 * 21 * 5 * 7)]
    [InlineData(1, "aBcd8b", 2 * 24 * 5 * 7)]
    [InlineData(2, "aBcd16b", 2 * 32 * 5 * 7)]
    [InlineData(3, "acdb", 2 * 21 * 5 * 7)]
    public void Create_EveryLayout_HasItsNameAndRoundedSize(int layout, string name, int elements)
    {
        using CpuFormatHandle format = CpuFormatHandle.Create(new NativeTensor(2, 21, 5, 7, (NativeLayout)layout));
        Assert.Equal(name, format.Describe());
        Assert.Equal(elements * sizeof(float), format.Bytes);
    }

    [Fact]
    public void IsSameAs_EqualAndOtherLayout_TellsThemApart()
    {
        using CpuFormatHandle a = CpuFormatHandle.Create(new NativeTensor(2, 32, 5, 7, NativeLayout.Plain));
        using CpuFormatHandle same = CpuFormatHandle.Create(new NativeTensor(2, 32, 5, 7, NativeLayout.Plain));
        using CpuFormatHandle other = CpuFormatHandle.Create(new NativeTensor(2, 32, 5, 7, NativeLayout.Nhwc));
        Assert.True(a.IsSameAs(same));
        Assert.False(a.IsSameAs(other));
    }

    [Fact]
    public void Create_SliceInBlocks_ReadsItsChannelsOnly()
    {
        NativeTensor whole = new(2, 48, 3, 5, NativeLayout.Blocked16);
        NativeTensor slice = whole.Slice(16, 32);
        NativeTensor plain = new(2, 32, 3, 5, NativeLayout.Plain);
        float[] values = Numbers.Random(2 * 48 * 15, 1);
        using CpuFormatHandle from = CpuFormatHandle.Create(slice);
        using CpuFormatHandle to = CpuFormatHandle.Create(plain);
        using CpuPrimitiveHandle reorder = CpuPrimitiveHandle.Reorder(context, from, to);
        using PrimitiveRunner runner = new(context, reorder);
        runner.SetActivation(NativeArgument.Source, whole, values);
        runner.SetActivation(NativeArgument.Destination, plain, null);
        runner.Execute();
        float[] expected = [.. Enumerable.Range(0, 2).SelectMany(n => values.Skip((n * 48 + 16) * 15).Take(32 * 15))];
        Assert.Equal(expected, runner.Activation(NativeArgument.Destination, plain));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Reorder_ThereAndBack_ChangesNothing(int layout)
    {
        NativeTensor plain = new(2, 21, 5, 7, NativeLayout.Plain), other = new(2, 21, 5, 7, (NativeLayout)layout);
        float[] values = Numbers.Random(2 * 21 * 35, 1);
        Assert.Equal(values, Reorder(plain, other, values));
        Assert.Equal(values, Reorder(other, plain, values));
    }

    [Fact]
    public void Reorder_OtherDimensions_IsArgumentError()
    {
        using CpuFormatHandle from = CpuFormatHandle.Create(new NativeTensor(2, 21, 5, 7, NativeLayout.Plain));
        using CpuFormatHandle to = CpuFormatHandle.Create(new NativeTensor(2, 21, 7, 5, NativeLayout.Plain));
        Assert.Throws<ArgumentException>(() => CpuPrimitiveHandle.Reorder(context, from, to));
    }

    private float[] Reorder(NativeTensor source, NativeTensor destination, float[] values)
    {
        using CpuFormatHandle from = CpuFormatHandle.Create(source);
        using CpuFormatHandle to = CpuFormatHandle.Create(destination);
        using CpuPrimitiveHandle reorder = CpuPrimitiveHandle.Reorder(context, from, to);
        using PrimitiveRunner runner = new(context, reorder);
        runner.SetActivation(NativeArgument.Source, source, values);
        runner.SetActivation(NativeArgument.Destination, destination, null);
        runner.Execute();
        return runner.Activation(NativeArgument.Destination, destination);
    }
}
