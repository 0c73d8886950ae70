using System.Text;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Kernels;

/// <summary>Our kernels, embedded as PTX and compiled by the driver for the device at hand.</summary>
internal sealed unsafe class CudaKernels : CudaChild
{
    /// <summary>The name of the embedded resource.</summary>
    public const string Resource = "sunet_kernels.ptx";

    private const int LogBytes = 8192;

    private readonly Lock gate = new();
    private readonly Dictionary<string, CudaKernel> known = new(StringComparer.Ordinal);

    private CudaKernels(CudaDevice device) => Device = device;

    /// <summary>The device they are compiled for.</summary>
    public CudaDevice Device { get; }

    /// <summary>Compiles the embedded kernels for a device. The caller disposes them when nothing of them runs.</summary>
    /// <exception cref="BackendException">They are not embedded, or the driver does not compile them.</exception>
    public static CudaKernels Load(CudaDevice device) => Load(device, EmbeddedImage());

    /// <summary>Compiles PTX for a device.</summary>
    /// <param name="device">Where it will run.</param>
    /// <param name="image">The text, ending in a zero byte.</param>
    /// <exception cref="BackendException">The driver does not compile it; the sentence has the compiler's log.</exception>
    public static CudaKernels Load(CudaDevice device, ReadOnlySpan<byte> image)
    {
        CudaKernels kernels = new(device);
        try
        {
            using DeviceScope scope = device.Use();
            kernels.Own(device, Compile(device, image));
            return kernels;
        }
        catch
        {
            kernels.Dispose();
            throw;
        }
    }

    /// <summary>Looks a kernel up; remembered from then on.</summary>
    /// <exception cref="BackendException">There is none of that name.</exception>
    public CudaKernel Get(string name) => TryGet(name)
        ?? throw new BackendException(
                $"There is no CUDA kernel '{name}' in this build of Sunet.Native.", Resource, (int)CudaResult.NotFound);

    /// <summary>Looks a kernel up; remembered from then on.</summary>
    /// <returns>Null where there is none of that name.</returns>
    public CudaKernel? TryGet(string name)
    {
        lock (gate)
        {
            if (!known.TryGetValue(name, out CudaKernel? kernel) && (kernel = Find(name)) is not null)
                known.Add(name, kernel);
            return kernel;
        }
    }

    protected override int Destroy(nint raw)
    {
        // Kernels may still be running; their result interests nobody any more, and a failure was or will be reported elsewhere.
        _ = CudaDriver.ContextSynchronize();
        return CudaDriver.ModuleUnload(raw);
    }

    private static byte[] EmbeddedImage()
    {
        using Stream? stream = typeof(CudaKernels).Assembly.GetManifestResourceStream(Resource);
        if (stream is null)
        {
            throw new BackendException(
                $"This build of Sunet.Native has no CUDA kernels ({Resource}): build it with build.sh, which compiles them.", Resource);
        }

        byte[] image = new byte[stream.Length + 1];
        stream.ReadExactly(image.AsSpan(0, (int)stream.Length));
        return image;
    }

    private static nint Compile(CudaDevice device, ReadOnlySpan<byte> image)
    {
        byte[] log = new byte[LogBytes];
        fixed (byte* text = image, buffer = log)
        {
            CudaJitOption* options = stackalloc[] { CudaJitOption.ErrorLogBuffer, CudaJitOption.ErrorLogBufferSizeBytes };
            nint* values = stackalloc[] { (nint)buffer, LogBytes };
            int result = CudaDriver.ModuleLoad(out nint module, text, 2, options, values);
            if (result == 0)
                return module;
            string said = Encoding.UTF8.GetString(log.AsSpan(0, Math.Max(0, log.AsSpan().IndexOf((byte)0)))).ReplaceLineEndings(" ").Trim();
            string why = (CudaResult)result switch
            {
                CudaResult.UnsupportedPtxVersion => "its driver is too old for their PTX version; a newer driver is needed",
                CudaResult.JitCompilationDisabled => "compilation is switched off (CUDA_DISABLE_PTX_JIT)",
                _ => said.Length > 0 ? said : "the driver gave no reason",
            };
            throw new BackendException(
                $"The CUDA kernels do not compile for device {device.Ordinal} ({device.Name}, compute capability "
                + $"{device.ComputeCapability.Major}.{device.ComputeCapability.Minor}): cuModuleLoadDataEx failed with "
                + $"{CudaStatus.NameOf(result)} ({result}), {why}.", CudaLibrary.Driver.File, result);
        }
    }

    private CudaKernel? Find(string name)
    {
        using DeviceScope scope = Device.Use();
        byte[] text = Encoding.UTF8.GetBytes(name + '\0');
        fixed (byte* terminated = text)
        {
            int result = CudaDriver.ModuleGetFunction(out nint function, handle, terminated);
            if (result == (int)CudaResult.NotFound)
                return null;
            CudaStatus.ThrowIfFailed(result, $"cuModuleGetFunction({name})");
            return new CudaKernel(
                name, function, Attribute(function, CudaFunctionAttribute.MaxThreadsPerBlock),
                Attribute(function, CudaFunctionAttribute.Registers), Attribute(function, CudaFunctionAttribute.LocalSizeBytes));
        }
    }

    private static int Attribute(nint function, CudaFunctionAttribute attribute)
    {
        CudaStatus.ThrowIfFailed(CudaDriver.FunctionGetAttribute(out int value, attribute, function), "cuFuncGetAttribute");
        return value;
    }
}
