using Sunet.Native.Backends.Cuda;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Libraries;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Tests.Backends.Cuda;

public sealed class CudaReportTests : EmulatorTest
{
    [Fact]
    public void Query_Emulator_IsUsableAndNamesEveryLibrary()
    {
        CudaReport report = CudaReport.Query();
        Assert.Empty(report.Problems);
        Assert.True(report.IsUsable);
        Assert.Equal("13.0", report.DriverVersion);
        CudaDeviceInfo device = Assert.Single(report.Devices);
        Assert.Equal(("Sunet emulator", new Version(9, 0), true), (device.Name, device.ComputeCapability, device.IsSupported));
        Assert.Equal(
            ["libcuda.so.1 13.0", "libcublasLt.so.13 13.1.0", "libcudnn.so.9 9.19.0", "libnvtx3interop.so.1 "],
            report.Libraries.Select(l => $"{l.Name} {l.Version}"));
        Assert.All(report.Libraries, l => Assert.Equal(Emulator.Folder, Path.GetDirectoryName(l.Path)));
    }

    [Fact]
    public void Query_NoDevice_IsAProblemAndNoException()
    {
        Emulator.SetDevices(0);
        CudaReport report = CudaReport.Query();
        Assert.False(report.IsUsable);
        Assert.Empty(report.Devices);
        Assert.Contains("no CUDA device", Assert.Single(report.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Query_DriverFails_IsAProblemAndNoException()
    {
        _ = CudaReport.Query();
        Emulator.FailCall(2, 1);
        CudaReport report = CudaReport.Query();
        Assert.False(report.IsUsable);
        Assert.Contains("cuDeviceGetCount", Assert.Single(report.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void ThrowIfFailed_EachLibrary_NamesCallCodeAndLayer()
    {
        BackendException driver = Assert.Throws<BackendException>(
            () => CudaStatus.ThrowIfFailed((int)CudaResult.InvalidValue, "cuMemsetD8Async", "Relu 'u1/relu'"));
        Assert.StartsWith("Relu 'u1/relu': cuMemsetD8Async", driver.Message, StringComparison.Ordinal);
        Assert.Contains("CUDA_ERROR_INVALID_VALUE (1", driver.Message, StringComparison.Ordinal);
        Assert.Equal((1, "Relu 'u1/relu'", "libcuda.so.1"), (driver.Code, driver.Layer, driver.Library));

        MemoryException memory = Assert.Throws<MemoryException>(
            () => CudaStatus.ThrowIfFailed((int)CudaResult.OutOfMemory, "cuMemHostAlloc", bytes: 12345));
        Assert.Contains("12,345 bytes", memory.Message, StringComparison.Ordinal);
        Assert.Equal(12345, memory.Bytes);

        CudaLibraries.EnsureCudnn();
        BackendException cudnn = Assert.Throws<BackendException>(
            () => CudnnStatus.ThrowIfFailed((int)CudnnResult.NotSupported, "cudnnBackendFinalize", "Convolution 'c'"));
        Assert.StartsWith(
            "Convolution 'c': cudnnBackendFinalize failed with CUDNN_STATUS_NOT_SUPPORTED (3000", cudnn.Message, StringComparison.Ordinal);
        Assert.Throws<MemoryException>(() => CudnnStatus.ThrowIfFailed((int)CudnnResult.DeviceAllocationFailed, "cudnnBackendExecute"));

        BackendException cublas = Assert.Throws<BackendException>(
            () => CublasStatus.ThrowIfFailed((int)CublasResult.NotSupported, "cublasLtMatmul", "Linear 'fc'"));
        Assert.StartsWith(
            "Linear 'fc': cublasLtMatmul failed with CUBLAS_STATUS_NOT_SUPPORTED (15", cublas.Message, StringComparison.Ordinal);
        Assert.Equal("Linear 'fc'", cublas.Layer);
    }
}
