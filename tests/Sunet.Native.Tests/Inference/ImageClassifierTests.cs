using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Native.Tests.Inference;

public sealed class ImageClassifierTests : IDisposable
{
    private const int Classes = 5;

    private readonly CpuBackend backend = new(threads: 1);
    private readonly SunetModel model = SunetModel.Create(Spec(SunetHead.Classifier), seed: 3);

    public void Dispose() => backend.Dispose();

    /// <summary>
    /// The logits come from a plan of their own and the softmax is taken in double precision: float32 keeps 6 digits of it.
    /// </summary>
    [Fact]
    public void Probabilities_Batch_AreTheSoftmaxOfTheLogits()
    {
        var shape = new Shape(3, 3, 40, 56);
        float[] images = Images(shape), probabilities = new float[3 * Classes];
        using var classifier = new ImageClassifier(model, backend);
        classifier.Probabilities(images, shape, probabilities);

        SunetGraph network = SunetGraph.ForInference(model.Spec, shape);
        network.Graph.MarkOutput(network.Logits);
        using Plan plan = Plan.Compile(network.Graph, backend, new PlanOptions());
        plan.Load(model.Read);
        plan.Write(network.Image, images);
        plan.Run(Phase.Forward);
        var logits = new float[3 * Classes];
        plan.Read(network.Logits, logits);
        for (int n = 0; n < 3; n++)
        {
            double sum = logits.Skip(n * Classes).Take(Classes).Sum(logit => Math.Exp(logit));
            for (int c = 0; c < Classes; c++)
                Assert.Equal(Math.Exp(logits[(n * Classes) + c]) / sum, probabilities[(n * Classes) + c], 1e-5);
        }

        Assert.True(probabilities.Max() - probabilities.Min() > 0.01, "a model that tells nothing apart shows nothing");
    }

    [Theory]
    [InlineData(40, 56)]
    [InlineData(20, 33)]
    public void Probabilities_ImageOfBytes_SumToOneAndDependOnIt(int height, int width)
    {
        var random = new Random(1);
        var image = new Rgb[height, width];
        for (int i = 0; i < image.Length; i++)
            image[i / width, i % width] = new Rgb((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
        float[] first = new float[Classes], black = new float[Classes];
        using var classifier = new ImageClassifier(model, backend);
        classifier.Probabilities(image, first);
        classifier.Probabilities(new Rgb[height, width], black);
        Assert.Equal(1, first.Sum(), 1e-5f);
        Assert.NotEqual(first, black);
    }

    [Fact]
    public void Probabilities_SizesThatDoNotFit_AreRefused()
    {
        var shape = new Shape(1, 3, 32, 32);
        using var classifier = new ImageClassifier(model, backend);
        Assert.Throws<ArgumentException>(() => classifier.Probabilities(new float[8], shape, new float[Classes]));
        Assert.Throws<ArgumentException>(() => classifier.Probabilities(new float[shape.Count], shape, new float[Classes + 1]));
        classifier.Dispose();
        Assert.Throws<ObjectDisposedException>(() => classifier.Probabilities(new float[shape.Count], shape, new float[Classes]));
    }

    [Fact]
    public void Constructor_Segmenter_IsRefused() =>
        Assert.Throws<ConfigurationException>(() => new ImageClassifier(SunetModel.Create(Spec(SunetHead.Segmenter)), backend));

    private static SunetSpec Spec(SunetHead head) => new()
    {
        Config = new SunetConfig("custom", 4, 1, [8, 8, 12, 12]) { StemWidth = 4, ResidualWidth = 8 },
        Head = head,
        Classes = Classes,
    };

    private static float[] Images(Shape shape)
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, (int)shape.Count).Select(_ => (random.NextSingle() * 4) - 2)];
    }
}
