using System.IO.Compression;
using System.Reflection;
using Sunet.Native.Tests.Files;

namespace Sunet.Native.Tests.Checkpoints.PyTorch;

/// <summary>Files that PyTorch wrote; <c>Fixtures/make_fixtures.py</c> says what is in them.</summary>
internal static class PyTorchFixtures
{
    public const string TensorsZip = "tensors-zip.pth";
    public const string TensorsLegacy = "tensors-legacy.pth";
    public const string Classifier = "classifier-zip.pth.gz";
    public const string Segmenter = "segmenter-legacy.pth.gz";

    public static byte[] Bytes(string name)
    {
        using Stream stored = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new FileNotFoundException($"There is no fixture '{name}'.");
        using Stream stream = name.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(stored, CompressionMode.Decompress) : stored;
        using MemoryStream copy = new();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    /// <summary>Writes a fixture to a file whose name says nothing of its format.</summary>
    public static string Save(string name, TemporaryFolder folder)
    {
        string path = folder[name + ".weights"];
        File.WriteAllBytes(path, Bytes(name));
        return path;
    }

    /// <summary>What the fixtures' networks have as element <paramref name="i"/> of a tensor.</summary>
    public static float Element(string name, int i) =>
        ((((7 * i) + name.Length) % 31 - 15) / 64f) + (name.EndsWith("running_var", StringComparison.Ordinal) ? 1 : 0);
}
