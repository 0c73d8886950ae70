using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Native.Tests.Models;

public sealed class SunetSpecTests
{
    [Theory]
    [InlineData("sunet64", 6_910_248)]
    [InlineData("sunet128", 24_704_360)]
    [InlineData("sunet7128", 39_113_832)]
    public void ParameterCount_PublishedClassifier_IsTheAuthors(string name, long expected) =>
        Assert.Equal(expected, SunetModel.Create(SunetSpec.Classifier(name)).ParameterCount);

    [Theory]
    [InlineData("sunet64", 5_906_773)]
    [InlineData("sunet128", 22_698_389)]
    [InlineData("sunet7128", 36_857_237)]
    public void ParameterCount_PublishedSegmenter_IsTheAuthorsForEveryOutputStride(string name, long expected)
    {
        foreach (int outputStride in new[] { 32, 16, 8 })
            Assert.Equal(expected, SunetModel.Create(SunetSpec.Segmenter(name, 21, outputStride)).ParameterCount);
    }

    [Fact]
    public void Create_SameSeed_GivesTheSameWeightsAndAnotherSeedOthers()
    {
        SunetModel first = SunetModel.Create(Tiny, seed: 3), again = SunetModel.Create(Tiny, seed: 3);
        SunetModel other = SunetModel.Create(Tiny, seed: 4);
        Assert.All(first.Names, n => Assert.True(first.Read(n).SequenceEqual(again.Read(n))));
        Assert.Contains(first.Names, n => !first.Read(n).SequenceEqual(other.Read(n)));
    }

    [Fact]
    public void Create_AnySeed_HasHeVarianceAndIdentityBatchNorm()
    {
        SunetModel model = SunetModel.Create(SunetSpec.Segmenter("sunet64", 21), seed: 1);
        foreach (string name in model.Names)
        {
            ReadOnlySpan<float> elements = model.Read(name);
            Shape shape = model.ShapeOf(name);
            if (shape.Rank == 1)
            {
                bool isScale = name.EndsWith("running_var", StringComparison.Ordinal) || name.EndsWith(".weight", StringComparison.Ordinal);
                float expected = isScale ? 1 : 0;
                Assert.Equal(-1, elements.IndexOfAnyExcept(expected));
                continue;
            }

            double fanIn = (double)shape[name.Contains("deconv0", StringComparison.Ordinal) ? 0 : 1] * shape[2] * shape[3];
            double square = 0;
            foreach (float e in elements)
                square += (double)e * e;

            // The mean of n squares of a normal number deviates by sqrt(2 / n); six of those never happen by chance.
            double relative = (square / elements.Length * fanIn / 2) - 1;
            Assert.True(Math.Abs(relative) < 6 * Math.Sqrt(2.0 / elements.Length), $"{name}: {relative}");
        }
    }

    [Theory]
    [InlineData(12, 21)]
    [InlineData(16, 256)]
    [InlineData(16, 0)]
    public void Segmenter_NumberOutOfRange_IsRefused(int outputStride, int classes) =>
        Assert.Throws<ConfigurationException>(() => SunetSpec.Segmenter("sunet64", classes, outputStride));

    [Fact]
    public void Segmenter_UnknownModel_NamesThoseThereAre() =>
        Assert.Contains(
            "sunet7128", Assert.Throws<ConfigurationException>(() => SunetSpec.Segmenter("sunet65", 2)).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_SavedModel_HasTheSameSpecAndWeights()
    {
        string folder = Directory.CreateTempSubdirectory("sunet-model").FullName;
        try
        {
            SunetModel saved = SunetModel.Create(Tiny with { ClassNames = ["sky", "road", "tree"], Degrid = true }, seed: 9);
            saved.Save(Path.Combine(folder, "model.safetensors"));
            SunetModel loaded = SunetModel.Load(Path.Combine(folder, "model.safetensors"));
            Assert.True(saved.Spec.Config.SameBody(loaded.Spec.Config));
            Assert.Equal(saved.Spec.ClassNames, loaded.Spec.ClassNames);
            Assert.Equal(
                (saved.Spec.OutputStride, saved.Spec.Degrid, saved.Spec.Head),
                (loaded.Spec.OutputStride, loaded.Spec.Degrid, loaded.Spec.Head));
            Assert.All(saved.Names, n => Assert.True(saved.Read(n).SequenceEqual(loaded.Read(n))));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void CopyFrom_ClassifierOfTheSameBody_TakesTheFeaturesAndKeepsTheHead()
    {
        SunetModel classifier = SunetModel.Create(Tiny with { Head = SunetHead.Classifier, OutputStride = 32, Classes = 10 }, seed: 1);
        SunetModel segmenter = SunetModel.Create(Tiny, seed: 2);
        float[] head = segmenter.Read("final.conv1.weight").ToArray();
        segmenter.CopyFrom(classifier, except: name => name.StartsWith("final.", StringComparison.Ordinal));
        Assert.True(segmenter.Read("features.conv1.weight").SequenceEqual(classifier.Read("features.conv1.weight")));
        Assert.Equal(head, segmenter.Read("final.conv1.weight").ToArray());
        CheckpointException refused = Assert.Throws<CheckpointException>(() => segmenter.CopyFrom(classifier));
        Assert.Contains("final.conv1.weight", refused.Message, StringComparison.Ordinal);
    }

    internal static SunetSpec Tiny { get; } = new()
    {
        Config = new SunetConfig("custom", 4, 1, [8, 12, 16, 20]) { StemWidth = 6, ResidualWidth = 8 },
        Head = SunetHead.Segmenter,
        Classes = 3,
        OutputStride = 16,
    };
}
