using System.Globalization;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Native.Tests.Facade;

/// <summary>Numbers of a message are written in one way, whatever the caller's culture is.</summary>
public sealed class CultureTests : IDisposable
{
    private readonly CultureInfo before = CultureInfo.CurrentCulture;

    /// <summary>
    /// There are no cultures here but the invariant one, so one is made: with separators exchanged, and a sign of its own.
    /// </summary>
    public CultureTests()
    {
        var odd = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (odd.NumberFormat.NumberDecimalSeparator, odd.NumberFormat.NumberGroupSeparator, odd.NumberFormat.NegativeSign) = (",", ".", "~");
        CultureInfo.CurrentCulture = odd;
        Assert.Equal("~1.000,5", (-1000.5).ToString("N1", CultureInfo.CurrentCulture));
    }

    public void Dispose() => CultureInfo.CurrentCulture = before;

    [Fact]
    public void Compile_OverTheLimit_WritesAllNumbersAlike()
    {
        using var backend = new CpuBackend(threads: 1);
        SunetGraph network = SunetGraph.ForInference(SmallModel.Spec, new Shape(1, 3, 64, 64));
        network.AppendArgMax();
        string message = Assert.Throws<MemoryException>(
            () => Plan.Compile(network.Graph, backend, new PlanOptions { MemoryLimit = 100_000 })).Message;
        Assert.Contains("100,000 are allowed", message, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"\d\.\d", message);
    }

    [Fact]
    public void Exception_InterpolatedMessage_IsInvariant()
    {
        const string expected = "-1 of 2,000 is 0.5.";
        (int part, int all, double share) = (-1, 2000, 0.5);
        Assert.Equal(expected, new ConfigurationException($"{part} of {all:N0} is {share}.").Message);
        Assert.Equal(expected, new DataException($"{part} of {all:N0} is {share}.", "file").Message);
        Assert.Equal(expected, new CheckpointException($"{part} of {all:N0} " + $"is {share}.", "file").Message);
        Assert.Equal(expected, new BackendException($"{part} of {all:N0} is {share}.", "library").Message);
        Assert.Equal(expected, new MemoryException($"{part} of {all:N0} is {share}.", bytes: 1).Message);
        Assert.Equal(expected, new DivergedException($"{part} of {all:N0} is {share}.", step: 1, "tensor").Message);
    }

    [Fact]
    public void Op_RefusesAFraction_WritesItInvariantly()
    {
        string message = Assert.Throws<ConfigurationException>(() => SunetGraph.ForTraining(
            SmallModel.Spec, SmallModel.Images, new TrainingGraphOptions { BatchNormMomentum = 1.5f })).Message;
        Assert.Contains("momentum 1.5 ", message, StringComparison.Ordinal);
    }
}
