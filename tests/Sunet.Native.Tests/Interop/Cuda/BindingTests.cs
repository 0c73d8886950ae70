using System.Reflection;
using System.Runtime.InteropServices;
using Sunet.Native.Interop.Cuda;
using Sunet.Native.Tests.Backends.Cuda;
using Sunet.Native.Tests.Interop.Loading;

namespace Sunet.Native.Tests.Interop.Cuda;

/// <summary>The bindings name what they import, and the emulator offers all of it.</summary>
public sealed class BindingTests
{
    public static TheoryData<string> Names => [CudaDriver.Library, Cudnn.Library, CublasLt.Library, Nvtx.Library];

    [Theory]
    [MemberData(nameof(Names))]
    public void EntryPoints_EachBinding_AreExactlyItsImports(string library)
    {
        string[] imports = [.. Imports(library)];
        Assert.True(imports.Length >= 4, $"only {imports.Length} imports of {library} found");
        Assert.Equal(imports.Order(StringComparer.Ordinal), ListOf(library).EntryPoints.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void EntryPoints_EachBinding_AreExportedByTheEmulator(string library) =>
        Assert.Empty(ListOf(library).EntryPoints.Except(new ElfFile(Emulator.File).Exports));

    [Fact]
    public void Exports_PlantedName_IsMissed() =>
        Assert.NotEmpty(new[] { "cuInit", "cuNoSuchCall" }.Except(new ElfFile(Emulator.File).Exports));

    [Fact]
    public void Emulator_EveryName_LeadsToOneLibrary()
    {
        CudaLibrary[] all = [CudaLibrary.Driver, CudaLibrary.CuDnn, CudaLibrary.CuBlasLt, CudaLibrary.Ranges];
        string target = new FileInfo(Emulator.File).FullName;
        foreach (CudaLibrary library in all)
        {
            string? found = CudaLibrarySearch.Find(library, [Emulator.Folder]);
            Assert.NotNull(found);
            Assert.Equal(target, File.ResolveLinkTarget(found, returnFinalTarget: true)?.FullName);
        }
    }

    [Fact]
    public unsafe void Structs_OfCublasLt_HaveTheirSizes()
    {
        Assert.Equal(64, sizeof(CublasLtAlgorithm));
        Assert.Equal(96, sizeof(CublasLtHeuristicResult));
        Assert.Equal(64, (int)Marshal.OffsetOf<CublasLtHeuristicResult>(nameof(CublasLtHeuristicResult.WorkspaceBytes)));
        Assert.Equal(72, (int)Marshal.OffsetOf<CublasLtHeuristicResult>(nameof(CublasLtHeuristicResult.State)));
        Assert.Equal(76, (int)Marshal.OffsetOf<CublasLtHeuristicResult>(nameof(CublasLtHeuristicResult.WavesCount)));
    }

    private static CudaLibrary ListOf(string library) =>
        new[] { CudaLibrary.Driver, CudaLibrary.CuDnn, CudaLibrary.CuBlasLt, CudaLibrary.Ranges }.Single(l => l.Name == library);

    /// <summary>What the source generator made of the bindings: the imports, some of them local functions of their stubs.</summary>
    private static IEnumerable<string> Imports(string library)
    {
        Type type = new[] { typeof(CudaDriver), typeof(Cudnn), typeof(CublasLt), typeof(Nvtx) }
            .Single(t => (string)t.GetField("Library", BindingFlags.Public | BindingFlags.Static)!.GetRawConstantValue()! == library);
        return type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .Select(m => m.GetCustomAttribute<DllImportAttribute>())
            .OfType<DllImportAttribute>()
            .Where(a => a.Value == library)
            .Select(a => a.EntryPoint!)
            .Distinct();
    }
}
