using System.Globalization;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda;

/// <summary>What there is of CUDA in this process, and what is missing: the facts <c>sunet doctor</c> shows.</summary>
internal sealed record CudaReport
{
    /// <summary>The newest CUDA version the driver supports, such as 13.0; null without a driver.</summary>
    public string? DriverVersion { get; init; }

    /// <summary>The GPUs the driver offers.</summary>
    public required IReadOnlyList<CudaDeviceInfo> Devices { get; init; }

    /// <summary>The libraries that were found and will do.</summary>
    public required IReadOnlyList<CudaLibraryInfo> Libraries { get; init; }

    /// <summary>What stands in the way of using a GPU, one sentence each; empty if nothing does.</summary>
    public required IReadOnlyList<string> Problems { get; init; }

    /// <summary>Remarks that do not stand in the way, one sentence each.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Objects of CUDA that this process did not give back: dropped undisposed, refused, or still out of a closed pool.</summary>
    public required long Leaks { get; init; }

    /// <summary>Whether the CUDA backend can be opened on some device.</summary>
    public bool IsUsable => Problems.Count == 0;

    /// <summary>Loads the libraries that are there and describes the devices. Never throws for what is missing.</summary>
    /// <param name="stopsWithoutDriver">
    /// Whether nothing else is looked for where there is no driver: every library that is missing is searched for in folders of
    /// thousands of files, which takes longer than to open the CPU.
    /// </param>
    public static CudaReport Query(bool stopsWithoutDriver = false)
    {
        List<CudaLibraryInfo> libraries = [];
        List<string> problems = [], notes = [];
        LoadedCudaLibrary? driver = Load(CudaLibrary.Driver, libraries, problems);
        return driver is null && stopsWithoutDriver
            ? Report(driver, libraries, problems, notes)
            : QueryOthers(driver, libraries, problems, notes);
    }

    private static CudaReport QueryOthers(
        LoadedCudaLibrary? driver, List<CudaLibraryInfo> libraries, List<string> problems, List<string> notes)
    {
        LoadedCudaLibrary? cublas = Load(CudaLibrary.CuBlasLt, libraries, problems);
        if (Load(CudaLibrary.CuDnn, libraries, problems) is not null && cublas is not null)
            NoteCudaVersions(cublas, notes);
        if (Load(CudaLibrary.Ranges, libraries, []) is null)
            notes.Add("NVTX was not found: profilers will show kernels without the names of layers.");
        return Report(driver, libraries, problems, notes);
    }

    private static CudaReport Report(
        LoadedCudaLibrary? driver, List<CudaLibraryInfo> libraries, List<string> problems, List<string> notes) => new()
        {
            DriverVersion = driver?.VersionText,
            Devices = driver is null ? [] : DevicesOf(problems),
            Libraries = libraries,
            Problems = problems,
            Notes = notes,
            Leaks = CudaLeaks.Finalized + CudaLeaks.Refused + CudaLeaks.Blocks,
        };

    private static LoadedCudaLibrary? Load(CudaLibrary library, List<CudaLibraryInfo> found, List<string> problems)
    {
        try
        {
            LoadedCudaLibrary loaded = CudaLibraries.Ensure(library);
            string name = library.Files.FirstOrDefault(f => loaded.Path.Contains(f, StringComparison.Ordinal)) ?? library.File;
            found.Add(new CudaLibraryInfo(name, loaded.Version > 0 ? loaded.VersionText : null, loaded.Path));
            return loaded;
        }
        catch (BackendException e)
        {
            problems.Add(e.Message);
            return null;
        }
    }

    private static List<CudaDeviceInfo> DevicesOf(List<string> problems)
    {
        List<CudaDeviceInfo> devices = [];
        try
        {
            int count = CudaDevice.Count();
            for (int i = 0; i < count; i++)
                devices.Add(Describe(i));
        }
        catch (SunetException e)
        {
            problems.Add(e.Message);
            return devices;
        }

        if (devices.Count == 0)
            problems.Add("The NVIDIA driver offers no CUDA device.");
        else if (!devices.Exists(d => d.IsSupported))
            problems.Add($"No CUDA device has compute capability {CudaDevice.OldestMajor}.0 or newer.");
        return devices;
    }

    private static CudaDeviceInfo Describe(int ordinal)
    {
        CudaDeviceProperties device = CudaDevice.Describe(ordinal);
        (int major, int minor) = device.ComputeCapability;
        return new CudaDeviceInfo(ordinal, device.Name, new Version(major, minor), device.TotalBytes, device.Multiprocessors);
    }

    /// <summary>cuDNN loads the cuBLASLt of the CUDA version it was built for, so another one beside it does not serve it.</summary>
    private static void NoteCudaVersions(LoadedCudaLibrary cublas, List<string> notes)
    {
        int cudnnCuda = (int)Cudnn.GetCudartVersion() / 1000;
        int cublasCuda = cublas.Version / 10000;
        if (cudnnCuda > 0 && cudnnCuda != cublasCuda)
        {
            notes.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"cuDNN was built for CUDA {cudnnCuda}, but {cublas.Path} belongs to CUDA {cublasCuda}: install both for one version."));
        }
    }
}
