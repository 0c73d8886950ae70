using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

internal static class Layouts
{
    /// <summary>The blocked layout of this machine's vectors.</summary>
    public static NativeLayout Blocked() =>
        NativeRuntime.Query().ChannelBlock == 16 ? NativeLayout.Blocked16 : NativeLayout.Blocked8;

    /// <summary>The same tensor as it is outside: row-major float32.</summary>
    public static NativeTensor Plain(NativeTensor tensor) => tensor with { Layout = NativeLayout.Plain, Type = NativeType.Float32 };
}

/// <summary>Where an element of [N, C, H, W] lies, from the definition in the C header: [N][C / b][H][W][b].</summary>
internal static class Packing
{
    public static int Block(in NativeTensor tensor) => tensor.Layout switch
    {
        NativeLayout.Plain => 1,
        NativeLayout.Blocked8 => 8,
        NativeLayout.Blocked16 => 16,
        NativeLayout.Nhwc => tensor.ChannelTotal == 0 ? tensor.Dim1 : tensor.ChannelTotal,
        _ => throw new ArgumentException("A layout that is not fixed has no packing.", nameof(tensor)),
    };

    public static int Length(in NativeTensor tensor)
    {
        int block = Block(tensor);
        return tensor.Dim0 * ((tensor.Dim1 + block - 1) / block * block) * tensor.Dim2 * tensor.Dim3;
    }

    public static void Pack(in NativeTensor tensor, float[] values, Span<float> memory)
    {
        for (int i = 0; i < values.Length; i++)
            memory[Offset(tensor, i)] = values[i];
    }

    public static float[] Unpack(in NativeTensor tensor, ReadOnlySpan<float> memory)
    {
        float[] values = new float[tensor.Dim0 * tensor.Dim1 * tensor.Dim2 * tensor.Dim3];
        for (int i = 0; i < values.Length; i++)
            values[i] = memory[Offset(tensor, i)];
        if (tensor.ChannelTotal == 0)
            AssertPaddingIsZero(tensor, memory);
        return values;
    }

    private static void AssertPaddingIsZero(in NativeTensor tensor, ReadOnlySpan<float> memory)
    {
        int block = Block(tensor), pixels = tensor.Dim2 * tensor.Dim3, rounded = (tensor.Dim1 + block - 1) / block * block;
        for (int i = 0; i < memory.Length; i++)
        {
            int channel = i / (pixels * block) % (rounded / block) * block + i % block;
            if (channel >= tensor.Dim1)
                Assert.Equal(0f, memory[i]);
        }
    }

    private static int Offset(in NativeTensor tensor, int index)
    {
        int block = Block(tensor), pixels = tensor.Dim2 * tensor.Dim3;
        int total = tensor.ChannelTotal == 0 ? tensor.Dim1 : tensor.ChannelTotal;
        int pixel = index % pixels, channel = index / pixels % tensor.Dim1 + tensor.ChannelOffset, n = index / pixels / tensor.Dim1;
        int blocks = (total + block - 1) / block;
        return ((n * blocks + channel / block) * pixels + pixel) * block + channel % block;
    }
}
