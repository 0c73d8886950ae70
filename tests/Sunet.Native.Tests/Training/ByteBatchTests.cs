using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Backends.Cuda;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Backends.Cuda;
using Sunet.Native.Tests.Facade;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Training;

/// <summary>Batches of bytes train as the same batches of normalised pixels do, to the bit, and a quarter of the bytes travels.</summary>
public sealed class ByteBatchTests : EmulatorTest
{
    private const int Steps = 4;

    private static readonly SunetSpec Spec = SmallModel.Spec with
    {
        Normalization = new ImageNormalization([0.5f, 0.4f, 0.3f], [0.2f, 0.25f, 0.3f]),
    };

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void Step_OnTheCpu_GivesTheBitsOfNormalisedPixels(int accumulate, bool weighted)
    {
        using var backend = new CpuBackend(threads: 1);
        string expected = Train(backend, Normalised(RoundedOnce), accumulate, weighted);
        Assert.Equal(expected, Train(backend, new(SmallModel.Images, Spec), accumulate, weighted));
    }

    [Theory]
    [InlineData(Precision.Float32, 1, true)]
    [InlineData(Precision.Float32, 2, false)]
    [InlineData(Precision.Bf16, 1, false)]
    public void Step_OnTheGpu_GivesTheBitsOfNormalisedPixels(Precision precision, int accumulate, bool weighted)
    {
        var hashes = new HashSet<string>();
        for (ulong seed = 0; seed < 3; seed++)
        {
            Emulator.Seed(seed);
            using var backend = new CudaBackend(0, new CudaOptions { Deterministic = true, Precision = precision, UseGraphs = seed != 0 });
            hashes.Add(Train(backend, Normalised(InFloat32), accumulate, weighted));
            hashes.Add(Train(backend, new(SmallModel.Images, Spec), accumulate, weighted));
        }

        Assert.Single(hashes);
    }

    [Fact]
    public void Step_OnTheGpu_BringsUpFourBytesAPixel()
    {
        using var backend = new CudaBackend();
        long pixels = SmallModel.Images.WithChannels(1).Count;
        Assert.Equal(4 * pixels, BytesOfAStep(backend, new ByteBatches(SmallModel.Images, Spec)));
        Assert.Equal(16 * pixels, BytesOfAStep(backend, Normalised(InFloat32)));
    }

    [Fact]
    public void Calibrate_OfBytes_GivesTheBitsOfNormalisedPixels()
    {
        using var backend = new CpuBackend(threads: 1);
        SunetModel ofBytes = SunetModel.Create(Spec, seed: 3), normalised = SunetModel.Create(Spec, seed: 3);
        var options = new BatchNormCalibrationOptions { Batches = 2 };
        BatchNormCalibration.Run(ofBytes, new ByteBatches(SmallModel.Images, Spec), options, backend);
        BatchNormCalibration.Run(normalised, Normalised(RoundedOnce), options, backend);
        Assert.All(ofBytes.Names, name => Assert.True(ofBytes.Read(name).SequenceEqual(normalised.Read(name)), name));
    }

    [Fact]
    public void Step_LabelOutOfRange_NamesItAndChangesNothing()
    {
        using var backend = new CpuBackend(threads: 1);
        using var batches = new ByteBatches(SmallModel.Images, Spec);
        batches[0].PixelLabels[^1] = 77;
        batches[0].Names[1] = "second";
        using Trainer trainer = SmallModel.Trainer(batches, backend);
        string before = SmallModel.Hash(trainer);
        var error = Assert.Throws<DataException>(() => trainer.Step());
        Assert.Contains("'second' has 77", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, SmallModel.Hash(trainer));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Step_BatchIsNotWhatItsSourceSays_IsRefused(bool says)
    {
        using var backend = new CpuBackend(threads: 1);
        using var batches = new ByteBatches(SmallModel.Images, Spec, says ? RoundedOnce : null) { GivesBytes = says };
        using Trainer trainer = SmallModel.Trainer(batches, backend);
        var error = Assert.Throws<InvalidOperationException>(() => trainer.Step());
        Assert.Contains(nameof(IBatchSource.GivesBytes), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Arrays_OfTheOtherKind_AreRefused()
    {
        var normalised = new TrainingBatch(SmallModel.Images, 5);
        TrainingBatch bytes = TrainingBatch.OfBytes(SmallModel.Images);
        Assert.Equal((2 * 3 * 32 * 48, 2 * 32 * 48), (bytes.Pixels.Length, bytes.PixelLabels.Length));
        Assert.Equal((2 * 3 * 32 * 48, 5), (normalised.Images.Length, normalised.Labels.Length));
        foreach (Func<object> read in new Func<object>[]
        {
            () => bytes.Images, () => bytes.Labels, () => normalised.Pixels, () => normalised.PixelLabels,
        })
        {
            Assert.Throws<InvalidOperationException>(read);
        }
    }

    private static float RoundedOnce(byte value, float mean, float deviation) => (float)(((value / 255.0) - mean) / deviation);

    private static float InFloat32(byte value, float mean, float deviation) => ((value / 255f) - mean) / deviation;

    private static ByteBatches Normalised(Func<byte, float, float, float> normalise) => new(SmallModel.Images, Spec, normalise);

    private static string Train(IBackend backend, ByteBatches batches, int accumulate, bool weighted)
    {
        TrainerOptions options = SmallModel.Options with
        {
            Accumulate = accumulate, Loss = weighted ? LossSteps.Everything : new LossOptions(),
        };
        using (batches)
        {
            using var trainer = new Trainer(SunetModel.Create(Spec, seed: 3), batches, options, backend);
            trainer.Run(Steps);
            return SmallModel.Hash(trainer);
        }
    }

    /// <summary>Once everything is captured, a step's batches are all that goes up.</summary>
    private static long BytesOfAStep(CudaBackend backend, ByteBatches batches)
    {
        using (batches)
        {
            using Trainer trainer = SmallModel.Trainer(batches, backend);
            trainer.Run(3);
            long before = Emulator.BytesToDevice();
            trainer.Run(4);
            return Emulator.BytesToDevice() - before;
        }
    }
}
