using Sunet.Native.Tensors;

namespace Sunet.Native.Tests.Kernels;

/// <summary>Images on a device as pixels of channels, and row-major as the reference has them.</summary>
internal static class KernelImages
{
    /// <summary>Images of random numbers.</summary>
    public static KernelPixels Random(KernelBench bench, bool bf16, Shape shape, int stride, int seed, double deviation = 1)
    {
        var random = new Random(seed);
        return new KernelPixels(
            bench, bf16, PixelsOf(shape), shape.Channels, stride, value: (_, _) => deviation * ((random.NextDouble() * 4) - 2));
    }

    /// <summary>Images that nothing has been written to.</summary>
    public static KernelPixels Empty(KernelBench bench, bool bf16, Shape shape, int stride) =>
        new(bench, bf16, PixelsOf(shape), shape.Channels, stride);

    /// <summary>[N, C, H, W].</summary>
    public static double[] Planes(this KernelPixels images, Shape shape)
    {
        var planes = new double[shape.Count];
        for (int pixel = 0; pixel < images.Count; pixel++)
        {
            for (int channel = 0; channel < images.Channels; channel++)
                planes[IndexOf(shape, pixel, channel)] = images[pixel, channel];
        }

        return planes;
    }

    /// <summary>Compares with images [N, C, H, W].</summary>
    public static void AssertPlanes(this KernelPixels images, Shape shape, double[] expected, double tolerance) =>
        images.AssertWritten((pixel, channel) => expected[IndexOf(shape, pixel, channel)], tolerance);

    private static int PixelsOf(Shape shape) => shape.Batch * shape.Height * shape.Width;

    private static int IndexOf(Shape shape, int pixel, int channel)
    {
        int plane = shape.Height * shape.Width;
        return (((pixel / plane * shape.Channels) + channel) * plane) + (pixel % plane);
    }
}
