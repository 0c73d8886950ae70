using Sunet.Native.Models;
using Sunet.Native.Tensors;

namespace Sunet.Onnx.Tests;

public sealed class OnnxVerifierTests : OnnxTest
{
    /// <summary>A running mean moved by a hundredth of a deviation is far less than a layer translated wrongly would move.</summary>
    [Fact]
    public void Compare_ModelChangedAfterExport_IsOutsideTolerance()
    {
        SunetModel model = TestModels.Create(TestModels.Segmenter(16));
        OnnxExporter.Write(model, this["model.onnx"]);
        model.Write("features.bn2.running_mean")[0] += 0.01f * MathF.Sqrt(model.Read("features.bn2.running_var")[0]);
        using var session = new OnnxSession(this["model.onnx"], threads: 1);
        OnnxDifference difference = Assert.Single(OnnxVerifier.Compare(model, session, TestModels.Images((1, 64, 64)), Backend));
        Assert.False(difference.IsWithinTolerance, difference.ToString());
    }

    [Fact]
    public void Compare_FileOfAnotherHead_NamesBothShapes()
    {
        OnnxExporter.Write(SunetModel.Create(TestModels.Classifier), this["model.onnx"]);
        using var session = new OnnxSession(this["model.onnx"], threads: 1);
        SunetModel other = SunetModel.Create(TestModels.Segmenter(16));
        var failure = Assert.Throws<BackendException>(() => OnnxVerifier.Compare(other, session, TestModels.Images((1, 64, 64)), Backend));
        Assert.Contains("[1, 7] for an image [1, 3, 64, 64] where [1, 5, 64, 64] is due", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Compare_MoreThanAnArrayHolds_IsRefusedBeforeAnythingIsComputed()
    {
        SunetModel model = TestModels.Create(TestModels.Segmenter(16));
        OnnxExporter.Write(model, this["model.onnx"]);
        using var session = new OnnxSession(this["model.onnx"], threads: 1);
        string message = Assert.Throws<MemoryException>(
            () => OnnxVerifier.Compare(model, session, TestModels.Images((1, 20_000, 36_000)), Backend)).Message;
        Assert.Contains("[1, 3, 20000, 36000]", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Difference_TwoPixelsOfTwoClasses_MeasuresAllThree()
    {
        var shape = new Shape(1, 2, 1, 2);
        OnnxDifference difference = OnnxVerifier.Difference(shape, shape, [3, 0, 0, 4], [3, 0, 3.5f, 4]);
        Assert.Equal((3.5, 3.5 / 5, 0.5), (difference.LargestDifference, difference.RelativeError, difference.ArgMaxAgreement));
    }

    [Theory]
    [InlineData(float.NaN, 1)]
    [InlineData(1, float.PositiveInfinity)]
    public void Difference_NotFinite_IsOutsideTolerance(float expected, float actual)
    {
        var shape = new Shape(1, 1, 1, 1);
        Assert.False(OnnxVerifier.Difference(shape, shape, [expected], [actual]).IsWithinTolerance);
    }
}
