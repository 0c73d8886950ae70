using System.Diagnostics;
using Sunet.Native.Models;
using Sunet.Native.Tensors;

namespace Sunet.Onnx.Tests;

public sealed class OnnxSessionTests : OnnxTest
{
    [Fact]
    public void Run_IntoOwnMemory_GivesTheSameAsRun()
    {
        OnnxExporter.Write(SunetModel.Create(TestModels.Segmenter(16)), this["model.onnx"]);
        using var session = new OnnxSession(this["model.onnx"], threads: 1);
        var image = new Shape(2, 3, 40, 33);
        float[] pixels = [.. Enumerable.Range(0, (int)image.Count).Select(i => MathF.Sin(i))];
        (float[] elements, Shape shape) = session.Run(pixels, image);
        Assert.Equal(new Shape(2, 5, 40, 33), shape);
        var output = new float[shape.Count];
        session.Run(pixels, image, output, shape);
        Assert.Equal(elements, output);
        Assert.Contains(elements, e => e != 0);
    }

    [Fact]
    public void Run_OutputOfAnotherShape_IsABackendFailure()
    {
        OnnxExporter.Write(SunetModel.Create(TestModels.Segmenter(16)), this["model.onnx"]);
        using var session = new OnnxSession(this["model.onnx"], threads: 1);
        var image = new Shape(1, 3, 32, 32);
        Assert.Throws<BackendException>(() => session.Run(new float[image.Count], image, new float[4 * 32 * 32], new Shape(1, 4, 32, 32)));
    }

    [Fact]
    public void Open_MissingFile_NamesIt() =>
        Assert.Contains("none.onnx' does not exist", Assert.Throws<CheckpointException>(() => new OnnxSession(this["none.onnx"])).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Open_Pipe_IsRefusedAtOnce()
    {
        using (Process made = Process.Start("mkfifo", [this["pipe.onnx"]]))
            made.WaitForExit();
        Assert.Contains(
            "a pipe", Assert.Throws<CheckpointException>(() => new OnnxSession(this["pipe.onnx"])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(-1)]
    public void Open_DamagedFile_NamesIt(int kept)
    {
        OnnxExporter.Write(SunetModel.Create(TestModels.Segmenter(16)), this["model.onnx"]);
        byte[] bytes = File.ReadAllBytes(this["model.onnx"]);
        File.WriteAllBytes(this["cut.onnx"], kept < 0 ? bytes[..^1] : bytes[..kept]);
        var failure = Assert.Throws<CheckpointException>(() => new OnnxSession(this["cut.onnx"]));
        Assert.Contains("cut.onnx", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NegativeThreads_IsRefused() =>
        Assert.Throws<ConfigurationException>(() => new OnnxSession(this["model.onnx"], threads: -1));

    [Fact]
    public void RuntimeVersion_Library_IsThePackages() => Assert.Equal("1.31.1", OnnxSession.RuntimeVersion);
}
