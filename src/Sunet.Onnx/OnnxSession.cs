using Microsoft.ML.OnnxRuntime;
using Sunet.Native.Files;
using Sunet.Native.Tensors;

namespace Sunet.Onnx;

/// <summary>
/// A file of <see cref="OnnxExporter"/>, or another of one float32 input and one float32 output, loaded into ONNX Runtime on the CPU. It
/// may be run from several threads; disposing it waits for the runs that are made, and later ones are refused.
/// </summary>
public sealed class OnnxSession : IDisposable
{
    /// <summary>The file name of ONNX Runtime's native library on this system.</summary>
    public static string Library { get; } =
        OperatingSystem.IsWindows() ? "onnxruntime.dll" : OperatingSystem.IsMacOS() ? "libonnxruntime.dylib" : "libonnxruntime.so";

    private readonly InferenceSession session;
    private readonly RunOptions runOptions = new();

    /// <summary>Shared by those who use the session, and taken alone by who disposes it.</summary>
    private readonly ReaderWriterLockSlim gate = new();
    private bool disposed;

    /// <summary>Loads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="threads">How many threads a run uses; 0 takes as many as there are processors.</param>
    /// <exception cref="ConfigurationException">The number is negative.</exception>
    /// <exception cref="CheckpointException">The file is missing, or ONNX Runtime does not take it; the message has its reason.</exception>
    /// <exception cref="BackendException">ONNX Runtime's native library is missing or cannot be loaded.</exception>
    public OnnxSession(string path, int threads = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (threads < 0)
            throw new ConfigurationException($"ONNX Runtime uses 1 thread or more, or 0 for all; not {threads}.");
        if (!File.Exists(path))
            throw new CheckpointException($"The ONNX file '{path}' does not exist.", path);
        EnsureLoaded();
        using var options = new SessionOptions { IntraOpNumThreads = threads, InterOpNumThreads = 1 };
        try
        {
            RegularFile.Require(path);
            session = new InferenceSession(path, options);
        }
        catch (IOException failure)
        {
            throw new CheckpointException($"The ONNX file '{path}' cannot be read: {failure.Message}.", path, failure);
        }
        catch (OnnxRuntimeException failure)
        {
            throw new CheckpointException($"ONNX Runtime does not load '{path}': {failure.Message}", path, failure);
        }

        if (session.InputNames is not [var input] || session.OutputNames is not [var output])
        {
            session.Dispose();
            throw new CheckpointException($"The ONNX file '{path}' has not one input and one output.", path);
        }

        (InputName, OutputName) = (input, output);
    }

    /// <summary>The input's name.</summary>
    public string InputName { get; }

    /// <summary>The output's name.</summary>
    public string OutputName { get; }

    /// <summary>What the file says of itself, such as <c>class_names</c>; <see cref="OnnxExporter"/> lists its keys.</summary>
    /// <exception cref="ObjectDisposedException">The session is disposed.</exception>
    public IReadOnlyDictionary<string, string> Metadata => Guarded(() => session.ModelMetadata.CustomMetadataMap);

    /// <summary>The version of ONNX Runtime.</summary>
    /// <exception cref="BackendException">Its native library is missing or cannot be loaded.</exception>
    public static string RuntimeVersion
    {
        get
        {
            EnsureLoaded();
            return OrtEnv.Instance().GetVersionString();
        }
    }

    /// <summary>Makes sure that ONNX Runtime's native library is there. Cheap when already done.</summary>
    /// <exception cref="BackendException">It is missing or cannot be loaded.</exception>
    public static void EnsureLoaded()
    {
        try
        {
            if (OrtEnv.IsCreated)
                return;
            var options = new EnvironmentCreationOptions { logId = "sunet", logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
            OrtEnv.CreateInstanceWithOptions(ref options);
        }
        catch (Exception failure) when (LoadFailure(failure) is { } cause)
        {
            // Where there is no file, the system's reason is a list of the names it has tried.
            string path = Path.Combine(AppContext.BaseDirectory, Library);
            throw new BackendException(File.Exists(path)
                ? $"{path} could not be loaded: {cause.Message.ReplaceLineEndings(" ").Trim()}"
                : $"{path}, the library of ONNX Runtime, is missing; put it there from the NuGet package Microsoft.ML.OnnxRuntime.",
                Library, inner: failure);
        }
    }

    /// <summary>Runs the network.</summary>
    /// <param name="input">Elements of the input, row-major.</param>
    /// <param name="shape">The input's shape, [N, 3, H, W].</param>
    /// <returns>The output's elements, row-major, and its dimensions.</returns>
    /// <exception cref="BackendException">ONNX Runtime reports a failure; the message has its reason.</exception>
    /// <exception cref="ObjectDisposedException">The session is disposed.</exception>
    public (float[] Elements, Shape Shape) Run(float[] input, Shape shape)
    {
        using OrtValue image = TensorOf(input, shape);
        using IDisposableReadOnlyCollection<OrtValue> results = Guarded(() => session.Run(runOptions, [InputName], [image], [OutputName]));
        OrtTensorTypeAndShapeInfo info = results[0].GetTensorTypeAndShape();
        return (results[0].GetTensorDataAsSpan<float>().ToArray(), new Shape([.. info.Shape.Select(d => checked((int)d))]));
    }

    /// <summary>Runs the network into memory of the caller's, which has the output's shape: nothing is copied or kept.</summary>
    /// <param name="input">Elements of the input, row-major.</param>
    /// <param name="shape">The input's shape, [N, 3, H, W].</param>
    /// <param name="output">Receives the output's elements, row-major.</param>
    /// <param name="outputShape">The output's shape, [N, classes, H, W] or [N, classes].</param>
    /// <exception cref="BackendException">ONNX Runtime reports a failure, such as another shape of the output.</exception>
    /// <exception cref="ObjectDisposedException">The session is disposed.</exception>
    public void Run(float[] input, Shape shape, float[] output, Shape outputShape)
    {
        using OrtValue image = TensorOf(input, shape);
        using OrtValue logits = TensorOf(output, outputShape);
        Guarded<object?>(() =>
        {
            session.Run(runOptions, [InputName], [image], [OutputName], [logits]);
            return null;
        });
    }

    /// <summary>Waits for the runs that are made and unloads the file.</summary>
    public void Dispose()
    {
        gate.EnterWriteLock();
        try
        {
            if (disposed)
                return;
            disposed = true;
            session.Dispose();
            runOptions.Dispose();
        }
        finally
        {
            gate.ExitWriteLock();
        }
    }

    private static OrtValue TensorOf(float[] elements, Shape shape)
    {
        ArgumentNullException.ThrowIfNull(elements);
        if (elements.Length != shape.Count)
            throw new ArgumentException($"{shape} has {shape.Count} elements; {elements.Length} were given.", nameof(elements));
        return OrtValue.CreateTensorValueFromMemory(elements, Array.ConvertAll(shape.ToArray(), d => (long)d));
    }

    /// <summary>Uses the session, which nobody disposes meanwhile.</summary>
    private T Guarded<T>(Func<T> use)
    {
        gate.EnterReadLock();
        try
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            return use();
        }
        catch (OnnxRuntimeException failure)
        {
            throw new BackendException($"ONNX Runtime failed: {failure.Message}", Library, inner: failure);
        }
        finally
        {
            gate.ExitReadLock();
        }
    }

    /// <summary>The failure of the system's loader, which a type's initialiser may have wrapped; null for any other.</summary>
    private static Exception? LoadFailure(Exception failure) => failure switch
    {
        DllNotFoundException or EntryPointNotFoundException or BadImageFormatException => failure,
        TypeInitializationException { InnerException: { } inner } => LoadFailure(inner),
        _ => null,
    };
}
