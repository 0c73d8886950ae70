namespace Sunet.Native.Interop.Cuda;

/// <summary>A library of the CUDA family in this process.</summary>
/// <param name="Library">Which one.</param>
/// <param name="Path">The file.</param>
/// <param name="Version">As the library counts.</param>
internal sealed record LoadedCudaLibrary(CudaLibrary Library, string Path, int Version)
{
    public string VersionText => CudaLibraries.VersionText(Library, Version);
}
