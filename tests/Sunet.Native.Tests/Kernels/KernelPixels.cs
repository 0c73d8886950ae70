namespace Sunet.Native.Tests.Kernels;

/// <summary>Pixels of channels on a device, in float32 or bf16, among elements that are nobody's and must stay as they are.</summary>
internal sealed class KernelPixels
{
    private const float Untouched = -12352f;
    private readonly KernelBench bench;
    private readonly int first;
    private readonly nint memory;
    private float[] all;

    /// <param name="bench">Where they lie.</param>
    /// <param name="bf16">Whether in bf16, to which what they hold is then rounded.</param>
    /// <param name="pixels">How many.</param>
    /// <param name="channels">Elements of each.</param>
    /// <param name="stride">From one to the next.</param>
    /// <param name="first">Elements in front of the first.</param>
    /// <param name="value">What to hold; null for nothing yet.</param>
    public KernelPixels(KernelBench bench, bool bf16, int pixels, int channels, int stride, int first = 0,
        Func<int, int, double>? value = null)
    {
        this.bench = bench;
        this.first = first;
        (IsBf16, Count, Channels, Stride) = (bf16, pixels, channels, stride);
        all = new float[first + (pixels * stride)];
        Array.Fill(all, Untouched);
        for (int pixel = 0; value is not null && pixel < pixels; pixel++)
        {
            for (int channel = 0; channel < channels; channel++)
                all[Index(pixel, channel)] = Rounded((float)value(pixel, channel));
        }

        memory = bf16 ? bench.Put<ushort>([.. all.Select(Bf16.Of)]) : bench.Put<float>(all);
    }

    public bool IsBf16 { get; }

    public int Count { get; }

    public int Channels { get; }

    public int Stride { get; }

    /// <summary>The first element of the first pixel.</summary>
    public nint Address => memory + (first * (IsBf16 ? 2 : 4));

    /// <summary>What a kernel's name ends in.</summary>
    public string Suffix => IsBf16 ? "_bf16" : "_f32";

    public float this[int pixel, int channel] => all[Index(pixel, channel)];

    /// <summary>The nearest number these pixels can hold.</summary>
    public float Rounded(float value) => IsBf16 ? Bf16.Round(value) : value;

    /// <summary>Reads the pixels again and compares them, within a relative tolerance that has what bf16 takes away added.</summary>
    public void AssertWritten(Func<int, int, double> expected, double tolerance)
    {
        float[] before = all;
        all = IsBf16 ? [.. bench.Get<ushort>(memory, all.Length).Select(Bf16.Value)] : bench.Get<float>(memory, all.Length);
        tolerance += IsBf16 ? 1.0 / 256 : 0;
        bool[] own = new bool[all.Length];
        for (int pixel = 0; pixel < Count; pixel++)
        {
            for (int channel = 0; channel < Channels; channel++)
            {
                double wanted = expected(pixel, channel), found = this[pixel, channel];
                own[Index(pixel, channel)] = true;
                Assert.True(
                    (double.IsNaN(wanted) && double.IsNaN(found)) || Math.Abs(found - wanted) <= tolerance * Math.Max(1, Math.Abs(wanted)),
                    $"Pixel {pixel}, channel {channel} is {found}, not {wanted}.");
            }
        }

        Assert.All(Enumerable.Range(0, all.Length).Where(i => !own[i]), i => Assert.Equal(before[i], all[i]));
    }

    private int Index(int pixel, int channel) => first + (pixel * Stride) + channel;
}
