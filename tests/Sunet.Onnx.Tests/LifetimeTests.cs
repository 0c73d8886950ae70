using Sunet.Native.Models;
using Sunet.Native.Tensors;
using Sunet.Tests.Lifetimes;

namespace Sunet.Onnx.Tests;

/// <summary>Every public member of what is disposed: refused afterwards, or as it was.</summary>
public sealed class LifetimeTests : OnnxTest
{
    private static readonly Shape Image = new(1, 3, 32, 32), Output = new(1, 5, 32, 32);

    [Fact]
    public void Assembly_EveryDisposableType_IsTested() =>
        Assert.Equal([nameof(OnnxSession)], Lifetime.Disposables(typeof(OnnxSession).Assembly));

    [Fact]
    public void Member_DisposedSession_IsRefusedOrAnswers()
    {
        OnnxSession session = Open();
        var pixels = new float[Image.Count];
        new Lifetime(typeof(OnnxSession), session)
            .Answers("InputName", () => Assert.NotEmpty(session.InputName))
            .Answers("OutputName", () => Assert.NotEmpty(session.OutputName))
            .Refuses("Metadata", () => _ = session.Metadata)
            .Refuses("Run(Single[], Shape)", () => session.Run(pixels, Image))
            .Refuses("Run(Single[], Shape, Single[], Shape)", () => session.Run(pixels, Image, new float[Output.Count], Output))
            .Check();
    }

    /// <summary>Whoever is inside ends as usual; who comes later is refused.</summary>
    [Fact]
    public async Task Dispose_WhileThreadsRunIt_WaitsForThem()
    {
        OnnxSession session = Open();
        using var began = new CountdownEvent(3);
        Task<Exception?>[] runs = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(() => Refusal(session, began)))];
        Assert.True(began.Wait(TimeSpan.FromSeconds(60)));
        session.Dispose();
        Exception?[] ended = await Task.WhenAll(runs).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.All(ended, e => Assert.IsType<ObjectDisposedException>(e));
    }

    /// <summary>Runs a session until it is refused.</summary>
    private static Exception? Refusal(OnnxSession session, CountdownEvent began)
    {
        var pixels = new float[Image.Count];
        session.Run(pixels, Image);
        began.Signal();
        Exception? refusal = null;
        while (refusal is null)
            refusal = Record.Exception(() => session.Run(pixels, Image, new float[Output.Count], Output));
        return refusal;
    }

    private OnnxSession Open()
    {
        OnnxExporter.Write(SunetModel.Create(TestModels.Segmenter(16)), this["model.onnx"]);
        return new OnnxSession(this["model.onnx"], threads: 1);
    }
}
