using CommunityToolkit.HighPerformance;
using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Backends.Cuda;
using Sunet.Native.Checkpoints;
using Sunet.Native.Checkpoints.PyTorch;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Backends.Cuda;
using Sunet.Native.Tests.Checkpoints;
using Sunet.Native.Tests.Checkpoints.PyTorch;
using Sunet.Native.Tests.Facade;
using Sunet.Native.Tests.Files;
using Sunet.Native.Tests.Inference.Streams;
using Sunet.Native.Training;
using Sunet.Tests.Lifetimes;

namespace Sunet.Native.Tests.Lifetimes;

/// <summary>Every public member of everything that is disposed: refused afterwards, or as it was, and never a crash.</summary>
public sealed class LifetimeTests : EmulatorTest
{
    /// <summary>Interfaces whose members are those of the classes that are tested.</summary>
    private static readonly string[] Represented = [nameof(IBackend), nameof(IBatchSource), nameof(IStateDict)];

    /// <summary>Types that are disposed and that only the projects of this repository see.</summary>
    private static readonly string[] Internal =
    [
        nameof(WeightStore), nameof(ActivationMapper), nameof(SafetensorsFile), nameof(PyTorchFile), nameof(NoiseBatches),
        nameof(IStateDict),
    ];

    private static readonly Dictionary<string, string> NoNotes = [];

    /// <summary>The types that need a device.</summary>
    public static TheoryData<string, Device> OnDevices =>
        new(Subjects(null!).Keys.SelectMany(name => Enum.GetValues<Device>().Select(device => (name, device))));

    /// <summary>The types that need none.</summary>
    public static TheoryData<string> OnDisk => new(FileSubjects(null!).Keys);

    [Theory]
    [MemberData(nameof(OnDevices))]
    public void Member_Disposed_IsRefusedOrAnswers(string type, Device device)
    {
        using IBackend backend = device.Open();
        Subjects(backend)[type]().Check();
    }

    [Theory]
    [InlineData(Device.Cpu, 4)]
    [InlineData(Device.Cuda, 4)]
    public void SessionPart_Disposed_IsRefusedOrAnswers(Device device, int parts)
    {
        // A GPU keeps copies of parameters in bf16; memory of the CPU can be given back.
        using IBackend backend = device == Device.Cuda
            ? new CudaBackend(options: new CudaOptions { Precision = Precision.Bf16 })
            : device.Open();
        Lifetime[] lifetimes = [.. SessionLifetime.OfParts(backend)];
        Assert.Equal(parts, lifetimes.Length);
        foreach (Lifetime lifetime in lifetimes)
            lifetime.Check();
    }

    [Theory]
    [MemberData(nameof(OnDisk))]
    public void Member_ClosedFile_IsRefusedOrAnswers(string type)
    {
        using var folder = new TemporaryFolder();
        FileSubjects(folder)[type]().Check();
    }

    [Fact]
    public void Assembly_EveryDisposableType_IsTested()
    {
        IEnumerable<string> tested = Subjects(null!).Keys.Concat(FileSubjects(null!).Keys)
            .Concat([nameof(CpuBackend), nameof(CudaBackend)]).Concat(Represented);
        IEnumerable<string> there = Lifetime.Disposables(typeof(Plan).Assembly).Concat(Internal);
        Assert.Equal(there.Order(StringComparer.Ordinal), tested.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(Device.Cpu)]
    [InlineData(Device.Cuda)]
    public void Plan_Disposed_StillTellsItsCallsAndMemory(Device device)
    {
        using IBackend backend = device.Open();
        using var trainer = SmallModel.Trainer(SmallModel.Batches(), backend);
        Plan plan = trainer.Plan;
        int calls = plan.Calls.Count;
        long bytes = plan.Memory.TotalBytes;
        trainer.Dispose();
        Assert.Equal((calls, bytes), (plan.Calls.Count, plan.Memory.TotalBytes));
    }

    [Fact]
    public void Member_DisposedCpuBackend_IsRefusedOrAnswers()
    {
        var backend = new CpuBackend(threads: 1);
        new Lifetime(typeof(CpuBackend), backend)
            .Answers("Options", () => _ = backend.Options)
            .Answers("Threads", () => _ = backend.Threads)
            .Answers("MultipliesFloat16", () => _ = backend.MultipliesFloat16)
            .Answers("MemoryBytes", () => _ = backend.MemoryBytes)
            .Answers("AvailableBytes", () => _ = backend.AvailableBytes)
            .Answers("Precision", () => _ = backend.Precision)
            .Answers("Precisions", () => _ = backend.Precisions)
            .Answers("UsesHostMemory", () => _ = backend.UsesHostMemory)
            .Answers("Name", () => _ = backend.Name)
            .Answers("Description", () => _ = backend.Description)
            .Answers("Batching", () => _ = backend.Batching)
            .Refuses("Open(Graph, PlanPurpose, Int32)", () => backend.Open(new Graph(), PlanPurpose.Inference))
            .Refuses("Allocate(Int64)", () => backend.Allocate(64))
            .Check();
    }

    [Fact]
    public void Member_DisposedCudaBackend_IsRefusedOrAnswers()
    {
        var backend = new CudaBackend();
        new Lifetime(typeof(CudaBackend), backend)
            .Answers("Options", () => _ = backend.Options)
            .Answers("Name", () => _ = backend.Name)
            .Answers("Description", () => _ = backend.Description)
            .Answers("Batching", () => _ = backend.Batching)
            .Answers("Precision", () => _ = backend.Precision)
            .Answers("Precisions", () => _ = backend.Precisions)
            .Answers("UsesHostMemory", () => _ = backend.UsesHostMemory)
            .Answers("MemoryBytes", () => _ = backend.MemoryBytes)
            .Refuses("AvailableBytes", () => _ = backend.AvailableBytes)
            .Refuses("StartProfiling()", () => _ = backend.StartProfiling())
            .Refuses("StopProfiling()", () => backend.StopProfiling())
            .Refuses("Open(Graph, PlanPurpose, Int32)", () => backend.Open(new Graph(), PlanPurpose.Inference))
            .Refuses("Allocate(Int64)", () => backend.Allocate(64))
            .Check();
    }

    private static Dictionary<string, Func<Lifetime>> Subjects(IBackend backend) => new()
    {
        [nameof(Plan)] = () => PlanLifetimes.OfPlan(backend),
        [nameof(WeightStore)] = () => PlanLifetimes.OfWeightStore(backend),
        [nameof(PreparedWork)] = () => PlanLifetimes.OfPreparedWork(backend),
        [nameof(ParameterUpdate)] = () => PlanLifetimes.OfParameterUpdate(backend),
        [nameof(PreparedCall)] = () => PlanLifetimes.OfPreparedCall(backend),
        [nameof(ICallClock)] = () => PlanLifetimes.OfClock(backend),
        [nameof(IDeviceMemory)] = () => PlanLifetimes.OfMemory(backend),
        [nameof(IBackendSession)] = () => SessionLifetime.Of(backend),
        [nameof(Trainer)] = () => OfTrainer(backend),
        [nameof(Predictor)] = () => OfPredictor(backend),
        [nameof(ImageClassifier)] = () => OfClassifier(backend),
        [nameof(ActivationMapper)] = () => OfMapper(backend),
    };

    private static Dictionary<string, Func<Lifetime>> FileSubjects(TemporaryFolder folder) => new()
    {
        [nameof(SunetModelFile)] = () => OfModelFile(folder),
        [nameof(SafetensorsFile)] = () => OfSafetensors(folder),
        [nameof(PyTorchFile)] = () => OfPyTorch(folder),
        [nameof(NoiseBatches)] = OfNoise,
    };

    private static Lifetime OfTrainer(IBackend backend)
    {
        FixedBatches batches = SmallModel.Batches();
        Trainer trainer = SmallModel.Trainer(batches, backend, SmallModel.Options with { AverageDecay = 0.9 });
        trainer.Step();
        SunetModel model = SunetModel.Create(SmallModel.Spec);
        string nowhere = Path.Combine(Path.GetTempPath(), "sunet-test-nowhere");
        return new Lifetime(typeof(Trainer), trainer)
            .Answers("CompletedSteps", () => Assert.Equal(1, trainer.CompletedSteps))
            .Answers("StepsPerEpoch", () => _ = trainer.StepsPerEpoch)
            .Answers("Plan", () => _ = trainer.Plan)
            .Refuses("Step(CancellationToken)", () => trainer.Step())
            .Refuses("Run(Int64, IProgress<TrainingStep>, CancellationToken)", () => trainer.Run(2))
            .Refuses("RunAsync(Int64, IProgress<TrainingStep>, CancellationToken)", () => trainer.RunAsync(2))
            .Refuses("CopyTo(SunetModel)", () => trainer.CopyTo(model))
            .Refuses("CopyAverageTo(SunetModel)", () => trainer.CopyAverageTo(model))
            .Refuses("SaveState(String, IReadOnlyDictionary<String, String>)", () => trainer.SaveState(nowhere, NoNotes))
            .Refuses("Resume(String)", () => trainer.Resume(nowhere))
            .Refuses("ReleaseWorkingMemory()", trainer.ReleaseWorkingMemory);
    }

    private static Lifetime OfPredictor(IBackend backend)
    {
        var predictor = new Predictor(SunetModel.Create(SmallModel.Spec), new PredictorOptions(), backend);
        var image = new Rgb[32, 48];
        var labels = new byte[32, 48];
        var bytes = new byte[32 * 48];
        var grey = new ImageLayout(32, 48, PixelFormat.Gray);
        predictor.Segment(image, labels);
        return new Lifetime(typeof(Predictor), predictor)
            .Answers("Model", () => _ = predictor.Model)
            .Answers("Options", () => _ = predictor.Options)
            .Answers("WeightBytes", () => _ = predictor.WeightBytes)
            .Refuses("Segment(ReadOnlySpan2D<Rgb>, Span2D<Byte>, IProgress<PredictionProgress>, CancellationToken)",
                () => predictor.Segment(image, labels))
            .Refuses("SegmentAsync(ReadOnlyMemory2D<Rgb>, Memory2D<Byte>, IProgress<PredictionProgress>, CancellationToken)",
                () => predictor.SegmentAsync(image, labels))
            .Refuses("Segment(ReadOnlySpan<Byte>, ImageLayout, Span2D<Byte>, IProgress<PredictionProgress>, CancellationToken)",
                () => predictor.Segment(bytes, grey, labels))
            .Refuses("SegmentAsync(ReadOnlyMemory<Byte>, ImageLayout, Memory2D<Byte>, IProgress<PredictionProgress>, CancellationToken)",
                () => predictor.SegmentAsync(bytes, grey, labels))
            .Refuses("SegmentOnDevice(IntPtr, IntPtr, Int32, Int32, IProgress<PredictionProgress>, CancellationToken)",
                () => predictor.SegmentOnDevice(1, 1, 32, 48))
            .Refuses("SegmentMany(IAsyncEnumerable<ImageRequest>, StreamOptions, CancellationToken)",
                () => predictor.SegmentMany(StreamImages.Stream([])))
            .Refuses("Count(ReadOnlySpan2D<Rgb>, ReadOnlySpan2D<Byte>, ConfusionMatrix, Span2D<Byte>, CancellationToken)",
                () => predictor.Count(image, labels, new ConfusionMatrix(SmallModel.Spec.Classes)))
            .Refuses("Probabilities(ReadOnlySpan2D<Rgb>, Span<Single>, IProgress<PredictionProgress>, CancellationToken)",
                () => predictor.Probabilities(image, new float[SmallModel.Spec.Classes * image.Length]))
            .Refuses("WarmUp(Int32, Int32, CancellationToken)", () => predictor.WarmUp(32, 48));
    }

    private static Lifetime OfClassifier(IBackend backend)
    {
        var classifier = new ImageClassifier(SunetModel.Create(SmallModel.Classifier), backend);
        var image = new Rgb[32, 32];
        var probabilities = new float[SmallModel.Spec.Classes];
        classifier.Probabilities(image, probabilities);
        return new Lifetime(typeof(ImageClassifier), classifier)
            .Answers("Model", () => _ = classifier.Model)
            .Refuses("Probabilities(ReadOnlySpan2D<Rgb>, Span<Single>)", () => classifier.Probabilities(image, probabilities))
            .Refuses("Probabilities(ReadOnlySpan<Single>, Shape, Span<Single>)",
                () => classifier.Probabilities(new float[3 * image.Length], new Shape(1, 3, 32, 32), probabilities));
    }

    private static Lifetime OfMapper(IBackend backend)
    {
        var mapper = new ActivationMapper(SunetModel.Create(SmallModel.Spec), backend);
        mapper.Compute(new Rgb[32, 48]);
        return new Lifetime(typeof(ActivationMapper), mapper)
            .Answers("LongestSide", () => _ = mapper.LongestSide)
            .Refuses("Compute(ReadOnlySpan2D<Rgb>, CancellationToken)", () => mapper.Compute(new Rgb[32, 48]));
    }

    private static Lifetime OfModelFile(TemporaryFolder folder)
    {
        SunetModel model = SunetModel.Create(SmallModel.Spec);
        model.Save(folder["model.safetensors"]);
        SunetModelFile file = SunetModelFile.Open(folder["model.safetensors"]);
        string vector = model.Names.First(n => n.EndsWith("running_mean", StringComparison.Ordinal));
        Assert.NotEqual(0, file.Read(vector).Length);
        return new Lifetime(typeof(SunetModelFile), file)
            .Answers("Spec", () => _ = file.Spec)
            .Answers("Entry", () => _ = file.Entry)
            .Answers("Prefix", () => _ = file.Prefix)
            .Answers("Notes", () => _ = file.Notes)
            .Refuses("Read(String)", () => file.Read(vector));
    }

    private static Lifetime OfSafetensors(TemporaryFolder folder)
    {
        File.WriteAllBytes(folder["some.safetensors"], Samples.Bytes());
        SafetensorsFile file = SafetensorsFile.Open(folder["some.safetensors"]);
        return new Lifetime(typeof(SafetensorsFile), file)
            .Answers("Path", () => _ = file.Path)
            .Answers("Metadata", () => _ = file.Metadata)
            .Answers("Names", () => _ = file.Names)
            .Answers("TryGet(String, SafetensorsEntry)", () => Assert.True(file.TryGet("labels", out _)))
            .Answers("DimensionsOf(String)", () => Assert.NotNull(file.DimensionsOf("labels")))
            .Refuses("Floats(String)", () => file.Floats("conv.weight"))
            .Refuses("Read(String)", () => file.Read<byte>("labels"))
            .Refuses("Release(String)", () => file.Release("labels"))
            .Refuses("CopyFloats(String, Span<Single>)", () => file.CopyFloats("conv.weight", new float[6]))
            .Refuses("Verify()", () => file.Verify());
    }

    private static Lifetime OfPyTorch(TemporaryFolder folder)
    {
        PyTorchFile file = PyTorchFile.Open(PyTorchFixtures.Save(PyTorchFixtures.TensorsZip, folder));
        string name = file.Names.First(n => file.TryGetType(n, out StoredType? type) && type == StoredType.Float32);
        var elements = new float[file.DimensionsOf(name)!.Aggregate(1, (a, b) => a * b)];
        return new Lifetime(typeof(PyTorchFile), file)
            .Answers("Path", () => _ = file.Path)
            .Answers("Entry", () => _ = file.Entry)
            .Answers("OtherEntries", () => _ = file.OtherEntries)
            .Answers("Names", () => _ = file.Names)
            .Answers("DimensionsOf(String)", () => Assert.NotNull(file.DimensionsOf(name)))
            .Answers("TryGetType(String, Nullable<StoredType>)", () => Assert.True(file.TryGetType(name, out _)))
            .Refuses("Read(String)", () => file.Read<float>(name))
            .Refuses("CopyFloats(String, Span<Single>)", () => file.CopyFloats(name, elements));
    }

    private static Lifetime OfNoise()
    {
        var noise = new NoiseBatches(SmallModel.Images, SmallModel.Spec);
        return new Lifetime(typeof(NoiseBatches), noise)
            .Answers("ImageShape", () => _ = noise.ImageShape)
            .Answers("BatchesPerEpoch", () => _ = noise.BatchesPerEpoch)
            .Answers("Read(Int64, CancellationToken)", () => noise.Return(noise.Read(0)))
            .Answers("Return(TrainingBatch)", () => noise.Return(noise.Read(0)));
    }
}
