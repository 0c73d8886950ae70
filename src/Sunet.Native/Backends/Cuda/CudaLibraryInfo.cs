namespace Sunet.Native.Backends.Cuda;

/// <summary>A native library that was found.</summary>
/// <param name="Name">The name of the file, such as <c>libcudnn.so.9</c>.</param>
/// <param name="Version">The version, such as <c>9.19.0</c>; null where the library does not tell.</param>
/// <param name="Path">The path of the file.</param>
internal sealed record CudaLibraryInfo(string Name, string? Version, string Path);
