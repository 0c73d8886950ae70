using Sunet.Native.Backends.Cpu;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Files;

namespace Sunet.Native.Tests.Models;

/// <summary>Weights that would make every label wrong are refused, and the tensor is named.</summary>
public sealed class SoundWeightsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>At the first, the last and an inner element, in a convolution, a bias, and both running statistics.</summary>
    [Theory]
    [InlineData("features.conv1.weight", 0, float.NaN, "NaN or infinity")]
    [InlineData("features.unet2_0.up.0.conv2.weight", -1, float.PositiveInfinity, "NaN or infinity")]
    [InlineData("final.conv1.bias", 1, float.NegativeInfinity, "NaN or infinity")]
    [InlineData("features.bn2.running_mean", -1, float.NaN, "NaN or infinity")]
    [InlineData("features.bn2.running_var", 3, float.PositiveInfinity, "NaN or infinity")]
    [InlineData("features.bn2.running_var", 3, -1e-3f, "a negative variance")]
    public void Load_WeightsThatAreNotSound_NamesTheTensor(string name, int element, float value, string said)
    {
        SunetModel model = Spoilt(name, element, value);
        model.Save(folder["a.safetensors"]);
        using MemoryStream stream = new(File.ReadAllBytes(folder["a.safetensors"]));
        foreach (Action load in new Action[]
        {
            () => SunetModel.Load(folder["a.safetensors"]), () => SunetModelFile.Open(folder["a.safetensors"]).Dispose(),
            () => SunetModel.Load(stream),
        })
        {
            string message = Assert.Throws<CheckpointException>(load).Message;
            Assert.StartsWith($"Tensor '{name}' of ", message, StringComparison.Ordinal);
            Assert.Contains(said, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Require_EveryLengthAndPlace_FindsWhatIsNotFinite()
    {
        for (int length = 1; length < 70; length++)
        {
            float[] elements = [.. Enumerable.Range(0, length).Select(i => i % 2 == 0 ? float.MaxValue : -float.Epsilon)];
            SoundWeights.Require("w", elements, null);
            for (int at = 0; at < length; at++)
            {
                float sound = elements[at];
                elements[at] = at % 2 == 0 ? float.NaN : float.NegativeInfinity;
                Assert.Throws<CheckpointException>(() => SoundWeights.Require("w", elements, "path"));
                elements[at] = sound;
            }
        }
    }

    [Fact]
    public void Segment_ModelInMemoryThatIsNotSound_NamesTheTensor()
    {
        using var backend = new CpuBackend(threads: 1);
        using var predictor = new Predictor(Spoilt("final.conv1.weight", 0, float.NaN), new PredictorOptions(), backend);
        var image = new Rgb[32, 32];
        Assert.Contains("'final.conv1.weight' of the model has NaN or infinity",
            Assert.Throws<CheckpointException>(() => predictor.Segment(image, new byte[32, 32])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Probabilities_ClassifierInMemoryThatIsNotSound_NamesTheTensor()
    {
        using var backend = new CpuBackend(threads: 1);
        SunetModel model = SunetModel.Create(SunetSpecTests.Tiny with { Head = SunetHead.Classifier, OutputStride = 32 });
        model.Write("linear.bias")[0] = float.PositiveInfinity;
        using var classifier = new ImageClassifier(model, backend);
        var shape = new Shape(1, 3, 32, 32);
        Assert.Contains("'linear.bias' of the model has NaN or infinity", Assert.Throws<CheckpointException>(() =>
            classifier.Probabilities(new float[shape.Count], shape, new float[model.Spec.Classes])).Message, StringComparison.Ordinal);
    }

    private static SunetModel Spoilt(string name, int element, float value)
    {
        SunetModel model = SunetModel.Create(SunetSpecTests.Tiny, seed: 2);
        Span<float> elements = model.Write(name);
        elements[element < 0 ? elements.Length + element : element] = value;
        return model;
    }
}
