namespace Sunet.Native.Interop.Cuda;

/// <summary>One library of the CUDA family: what it is called, which version is needed, and what must be in it.</summary>
/// <param name="Name">The name the resolver knows.</param>
/// <param name="Title">For sentences, such as <c>cuDNN 9.0 or newer</c>.</param>
/// <param name="OldestVersion">The oldest version that will do, as the library counts; 0 for any.</param>
/// <param name="Files">File names that will do, the best first.</param>
/// <param name="Family">What every version's file name begins with; tells which unsuitable ones are there.</param>
/// <param name="EntryPoints">What must be exported.</param>
/// <param name="Companions">Files of the same folder that the library itself loads by name; loaded before it where they exist.</param>
internal sealed record CudaLibrary(
    string Name, string Title, int OldestVersion, string[] Files, string Family, string[] EntryPoints, string[] Companions)
{
    private static readonly bool Windows = OperatingSystem.IsWindows();

    /// <summary>The driver comes with the GPU's kernel driver, never with a toolkit.</summary>
    public static CudaLibrary Driver { get; } = new(
        CudaDriver.Library, "an NVIDIA driver for CUDA 12.0 or newer", 12000, Windows ? ["nvcuda.dll"] : ["libcuda.so.1"],
        Windows ? "nvcuda" : "libcuda.so", CudaDriver.EntryPoints, []);

    /// <summary>cuDNN's own file loads the others by bare name, which can fail where its folder is not on the search path.</summary>
    public static CudaLibrary CuDnn { get; } = new(
        Cudnn.Library, "cuDNN 9.0 or newer", 90000, Windows ? ["cudnn64_9.dll"] : ["libcudnn.so.9"],
        Windows ? "cudnn64_" : "libcudnn.so", Cudnn.EntryPoints,
        Windows ? [.. Parts.Select(p => $"cudnn_{p}64_9.dll")] : [.. Parts.Select(p => $"libcudnn_{p}.so.9")]);

    /// <summary>cuBLASLt comes with CUDA; cuDNN wants it loaded before itself.</summary>
    public static CudaLibrary CuBlasLt { get; } = new(
        CublasLt.Library, "cuBLASLt 12 or 13", 120000,
        Windows ? ["cublasLt64_13.dll", "cublasLt64_12.dll"] : ["libcublasLt.so.13", "libcublasLt.so.12"],
        Windows ? "cublasLt64_" : "libcublasLt.so", CublasLt.EntryPoints, []);

    /// <summary>NVTX, which names ranges for profilers; nothing depends on it.</summary>
    public static CudaLibrary Ranges { get; } = new(
        Nvtx.Library, "NVTX", 0,
        Windows ? ["nvToolsExt64_1.dll"] : ["libnvtx3interop.so.1", "libnvtx3interop.so", "libnvToolsExt.so.1"],
        Windows ? "nvToolsExt64_" : "libnvtx3interop.so", Nvtx.EntryPoints, []);

    /// <summary>The file name errors speak of.</summary>
    public string File => Files[0];

    /// <summary>A version number of the library as people write it, such as 13.0 or 9.19.0.</summary>
    public string VersionText(int version) => Name switch
    {
        CudaDriver.Library => $"{version / 1000}.{version % 1000 / 10}",
        // cuDNN 8 and older counted thousands: 8907 is 8.9.7.
        Cudnn.Library when version < 10000 => $"{version / 1000}.{version % 1000 / 100}.{version % 100}",
        CublasLt.Library when version < 100000 => $"{version / 1000}.{version % 1000 / 100}.{version % 100}",
        _ => $"{version / 10000}.{version % 10000 / 100}.{version % 100}",
    };

    // The graph interface needs no more; cuDNN's legacy convolutions, attention and recurrent parts stay unloaded.
    private static string[] Parts => ["graph", "ops", "heuristic", "engines_runtime_compiled", "engines_precompiled"];
}
