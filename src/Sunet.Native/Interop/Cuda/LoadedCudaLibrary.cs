namespace Sunet.Native.Interop.Cuda;

/// <summary>A library of the CUDA family in this process.</summary>
/// <param name="Library">Which one.</param>
/// <param name="Path">The file.</param>
/// <param name="Version">The version as the library counts.</param>
internal sealed record LoadedCudaLibrary(CudaLibrary Library, string Path, int Version)
{
    /// <summary>The version as people write it, such as 13.0 or 9.19.0.</summary>
    public string VersionText => Library.VersionText(Version);
}
