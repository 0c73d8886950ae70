namespace Sunet.Native.Backends.Cuda.Kernels;

/// <summary>One argument of a kernel: a device pointer, a 32-bit or 64-bit integer, or a float.</summary>
internal readonly struct KernelArgument
{
    private KernelArgument(long bits, int size)
    {
        Bits = bits;
        Size = size;
    }

    /// <summary>Its bytes, the lowest first.</summary>
    public long Bits { get; }

    /// <summary>How many of them the kernel takes.</summary>
    public int Size { get; }

    public static implicit operator KernelArgument(nint pointer) => new(pointer, sizeof(long));

    public static implicit operator KernelArgument(int number) => new(number, sizeof(int));

    public static implicit operator KernelArgument(long number) => new(number, sizeof(long));

    public static implicit operator KernelArgument(float number) => new(BitConverter.SingleToInt32Bits(number), sizeof(float));
}
