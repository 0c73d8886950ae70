using System.Runtime.InteropServices;
using Sunet.Native.Interop.Cuda;
using Sunet.Native.Interop.Loading;

namespace Sunet.Native.Tests.Interop.Cuda;

/// <summary>Where libraries of the CUDA family are looked for, on folders made for the purpose.</summary>
public sealed class CudaLibrarySearchTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("sunet-cuda-search-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void UsualFolders_EveryPlaceThere_ComeInTheDocumentedOrder()
    {
        string[] wanted =
        [
            "usr/local/cuda/lib64", "usr/local/cuda-13.0/lib64", "usr/local/cuda-12.4/lib64", "usr/lib/x86_64-linux-gnu", "usr/lib64",
            "opt/cuda/lib64", "venv/lib/python3.12/site-packages/nvidia/cu13/lib", "venv/lib/python3.12/site-packages/nvidia/cudnn/lib",
            "conda/lib/python3.11/site-packages/nvidia/cudnn/lib", "usr/lib/python3/dist-packages/nvidia/cudnn/lib",
            "usr/local/lib/python3.12/site-packages/nvidia/cudnn/lib", "usr/local/lib/python3.12/dist-packages/nvidia/cudnn/lib",
            "home/.local/lib/python3.12/site-packages/nvidia/cudnn/lib",
        ];
        foreach (string folder in wanted.Reverse())
            Directory.CreateDirectory(Path.Combine(root, folder));
        Assert.Equal(wanted.Select(f => Path.Combine(root, f)), Search().UsualFolders());
    }

    [Fact]
    public void UsualFolders_NothingThere_IsEmpty() => Assert.Empty(Search().UsualFolders());

    [Fact]
    public void Locate_NamedFolder_GoesBeforeTheSystemAndUsualFolders()
    {
        string named = Fake("named", "libcudnn.so.9");
        _ = Fake("usr/lib64", "libcudnn.so.9");
        BackendException error = Assert.Throws<BackendException>(
            () => CudaLibraries.Locate(CudaLibrary.CuDnn, Search(Path.GetDirectoryName(named)), _ => (true, 1)));
        // A fake does not load, which shows that it was the one chosen.
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Equal("libcudnn.so.9", error.Library);
    }

    [Fact]
    public void Locate_SystemHasIt_GoesBeforeUsualFolders()
    {
        _ = Fake("usr/lib64", "libcudnn.so.9");
        List<string> asked = [];
        LoadedLibrary library = CudaLibraries.Locate(CudaLibrary.CuDnn, Search(), file =>
        {
            asked.Add(file);
            return (true, 77);
        });
        Assert.Equal(77, library.Handle);
        Assert.Equal(["libcudnn.so.9"], asked);
    }

    [Fact]
    public void Locate_SystemHasIt_NamesTheFileItIs()
    {
        CudaLibrary anyLibrary = new("libc", "the C library", 0, ["libc.so.6"], "libc", [], []);
        LoadedLibrary library = CudaLibraries.Locate(
            anyLibrary, Search(), file => (NativeLibrary.TryLoad(file, out nint handle), handle));
        Assert.True(Path.IsPathRooted(library.Path) && File.Exists(library.Path), library.Path);
    }

    [Fact]
    public void Locate_OnlyInUsualFolder_IsTakenFromThere()
    {
        string fake = Fake("venv/lib/python3.12/site-packages/nvidia/cudnn/lib", "libcudnn.so.9");
        BackendException error = Assert.Throws<BackendException>(() => CudaLibraries.Locate(CudaLibrary.CuDnn, Search(), Nothing));
        Assert.Contains(fake, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_TwoVersionsInOneFolder_TakesTheBest()
    {
        _ = Fake("both", "libcublasLt.so.12");
        string best = Fake("both", "libcublasLt.so.13");
        Assert.Equal(best, CudaLibrarySearch.Find(CudaLibrary.CuBlasLt, [Path.Combine(root, "both")]));
        File.Delete(best);
        Assert.EndsWith(
            "libcublasLt.so.12", CudaLibrarySearch.Find(CudaLibrary.CuBlasLt, [Path.Combine(root, "both")]), StringComparison.Ordinal);
    }

    [Fact]
    public void UsualFolders_PythonOnThePath_AreThoseOfItsEnvironment()
    {
        Fake("other/bin", "sh");
        Fake("torch/bin", "python3");
        Fake("later/bin", "python3");
        string cudnn = Fake("torch/lib/python3.12/site-packages/nvidia/cudnn/lib", "libcudnn.so.9");
        Fake("later/lib/python3.12/site-packages/nvidia/cudnn/lib", "libcudnn.so.9");
        string path = string.Join(
            Path.PathSeparator, new[] { "missing", "other/bin", "torch/bin/", "later/bin" }.Select(f => Path.Combine(root, f)));
        CudaLibrarySearch search = Search() with { PythonPrefixes = [.. CudaLibrarySearch.PythonOf(path)] };
        Assert.Equal([Path.GetDirectoryName(cudnn)!], search.UsualFolders());
        Assert.Empty(CudaLibrarySearch.PythonOf(""));
    }

    [Fact]
    public void Locate_OnlyAnOlderVersion_NamesWantedFoundAndPlaces()
    {
        string old = Fake("usr/lib64", "libcudnn.so.8");
        string named = Path.Combine(root, "empty");
        Directory.CreateDirectory(named);
        BackendException error = Assert.Throws<BackendException>(() => CudaLibraries.Locate(CudaLibrary.CuDnn, Search(named), Nothing));
        Assert.Equal(3, error.ExitCode);
        Assert.Contains("libcudnn.so.9 (cuDNN 9.0 or newer) was not found", error.Message, StringComparison.Ordinal);
        Assert.Contains($"found {old}", error.Message, StringComparison.Ordinal);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains(Path.GetDirectoryName(old)!, error.Message, StringComparison.Ordinal);
        Assert.Contains(NativeLibraries.PathVariable, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Locate_NoDriver_AsksForTheDriver()
    {
        BackendException error = Assert.Throws<BackendException>(() => CudaLibraries.Locate(CudaLibrary.Driver, Search(), Nothing));
        Assert.Contains("libcuda.so.1", error.Message, StringComparison.Ordinal);
        Assert.Contains("install the GPU's driver", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("found /", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CheckExports_SomeAreMissing_NamesAllOfThem()
    {
        CudaLibraries.CheckExports(CudaLibrary.CuDnn, "/x/libcudnn.so.9", _ => true);
        BackendException error = Assert.Throws<BackendException>(() => CudaLibraries.CheckExports(
            CudaLibrary.CuDnn, "/x/libcudnn.so.9", name => !name.Contains("Attribute", StringComparison.Ordinal)));
        Assert.Contains("cudnnBackendSetAttribute, cudnnBackendGetAttribute", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("cudnnCreate", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Cudnn.Library, 8907, "8.9.7", true)]
    [InlineData(Cudnn.Library, 90000, "9.0.0", false)]
    [InlineData(Cudnn.Library, 91900, "9.19.0", false)]
    [InlineData(CudaDriver.Library, 11080, "11.8", true)]
    [InlineData(CudaDriver.Library, 12000, "12.0", false)]
    [InlineData(CudaDriver.Library, 13000, "13.0", false)]
    [InlineData(CublasLt.Library, 11604, "11.6.4", true)]
    [InlineData(CublasLt.Library, 120600, "12.6.0", false)]
    [InlineData(CublasLt.Library, 130100, "13.1.0", false)]
    public void CheckVersion_EachLibrary_RefusesTheOld(string name, int version, string text, bool refused)
    {
        CudaLibrary library = new[] { CudaLibrary.Driver, CudaLibrary.CuDnn, CudaLibrary.CuBlasLt }.Single(l => l.Name == name);
        Assert.Equal(text, library.VersionText(version));
        Exception? error = Record.Exception(() => CudaLibraries.CheckVersion(library, "/x/y", version));
        Assert.Equal(refused, error is BackendException);
        if (refused)
        {
            Assert.Contains(text, error!.Message, StringComparison.Ordinal);
            Assert.Contains(library.Title, error.Message, StringComparison.Ordinal);
        }
    }

    private static (bool Found, nint Handle) Nothing(string file) => (false, 0);

    private string Fake(string folder, string file)
    {
        string path = Path.Combine(root, folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "no library");
        return path;
    }

    private CudaLibrarySearch Search(string? named = null) => new()
    {
        NativePath = named,
        Root = root,
        Home = Path.Combine(root, "home"),
        PythonPrefixes = [Path.Combine(root, "venv"), Path.Combine(root, "conda")],
    };
}
