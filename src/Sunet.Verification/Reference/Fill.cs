using System.Text;
using Sunet.Native.Models;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Verification.Reference;

/// <summary>
/// Creates values that any language can reproduce from a name: the parameters, inputs and labels of the golden cases. They come from
/// SplitMix64 over a counter that starts at the name's FNV-1a hash; every number is exact in float32 before it is scaled.
/// </summary>
internal static class Fill
{
    /// <summary>The numbers in [0, 1) that belong to a name.</summary>
    public static double[] Unit(string name, long count)
    {
        ulong hash = Hash(name);
        var values = new double[count];
        for (long i = 0; i < count; i++)
            values[i] = UnitAt(hash, i);
        return values;
    }

    /// <summary>
    /// Creates a parameter in float32. Weights are uniform with variance 1 / fan-in, batch-norm vectors lie in [0.5, 1), and biases are
    /// small.
    /// </summary>
    public static float[] Parameter(string seed, string key, Shape shape, bool isBatchNorm)
    {
        ulong hash = Hash($"{seed}/{key}");
        var values = new float[shape.Count];
        if (shape.Rank == 1)
        {
            for (long i = 0; i < values.Length; i++)
                values[i] = (float)(isBatchNorm ? 0.5 + (0.5 * UnitAt(hash, i)) : ((2 * UnitAt(hash, i)) - 1) * 0.1);
            return values;
        }

        double fanIn = shape[key.Contains("deconv0", StringComparison.Ordinal) ? 0 : 1] * (double)shape[2] * shape[3];
        double gain = key.EndsWith("up.0.conv2.weight", StringComparison.Ordinal) ? 0.25 : 1, bound = Math.Sqrt(3 / fanIn);
        for (long i = 0; i < values.Length; i++)
            values[i] = (float)(((2 * UnitAt(hash, i)) - 1) * bound * gain);
        return values;
    }

    /// <summary>Fills every parameter of a model; its running statistics stay.</summary>
    public static void Into(SunetModel model, string seed)
    {
        foreach (string name in model.Names.Where(model.IsParameter))
        {
            string layer = name[..name.LastIndexOf('.')];
            Parameter(seed, name, model.ShapeOf(name), model.Names.Contains(layer + ".running_mean")).CopyTo(model.Write(name));
        }
    }

    /// <summary>Normalised pixels in [-1, 1).</summary>
    public static float[] Input(string seed, Shape shape) =>
        Array.ConvertAll(Unit(seed + "/input", shape.Count), u => (float)((2 * u) - 1));

    /// <summary>Labels; with <paramref name="ignore"/> a twentieth of them is 255.</summary>
    public static int[] Labels(string seed, int count, int classes, bool ignore)
    {
        int[] labels = Array.ConvertAll(Unit(seed + "/labels", count), u => (int)Math.Floor(u * classes));
        if (!ignore)
            return labels;
        return [.. labels.Zip(Unit(seed + "/ignore", count), (label, u) => u < 0.05 ? SoftmaxCrossEntropy.DefaultIgnoreLabel : label)];
    }

    /// <summary>The product with a fixed direction, which catches permutations that leave the norm as it is.</summary>
    public static double Probe(string key, double[] tensor)
    {
        ulong hash = Hash("probe/" + key);
        double sum = 0;
        for (int i = 0; i < tensor.Length; i++)
            sum += tensor[i] * ((2 * UnitAt(hash, i)) - 1);
        return sum;
    }

    private static ulong Hash(string name)
    {
        ulong hash = 0xCBF29CE484222325;
        foreach (byte b in Encoding.UTF8.GetBytes(name))
            hash = (hash ^ b) * 0x100000001B3;
        return hash;
    }

    private static double UnitAt(ulong hash, long index)
    {
        ulong z = hash + (ulong)index + 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 40) / (double)(1 << 24);
    }
}
