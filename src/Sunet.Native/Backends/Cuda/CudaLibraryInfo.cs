namespace Sunet.Native.Backends.Cuda;

/// <summary>A native library that was found.</summary>
/// <param name="Name">Such as <c>libcudnn.so.9</c>.</param>
/// <param name="Version">Such as <c>9.19.0</c>; null where the library does not tell.</param>
/// <param name="Path">The file.</param>
public sealed record CudaLibraryInfo(string Name, string? Version, string Path);
