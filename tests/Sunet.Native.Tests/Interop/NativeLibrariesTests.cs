using System.Text;
using Sunet.Native.Interop;

namespace Sunet.Native.Tests.Interop;

public sealed class NativeLibrariesTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sunet-loader-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Query_Loaded_DescribesTheLibrary()
    {
        NativeRuntimeInfo info = NativeRuntime.Query();
        Assert.True(File.Exists(info.Path));
        Assert.Equal(SunetCpu.Abi, info.Abi);
        Assert.True(info.OneDnnVersion >= new Version(2, 6));
        Assert.Contains(info.ChannelBlock, new[] { 8, 16 });
        Assert.Equal(info.ChannelBlock == 16, info.InstructionSet.Contains("AVX512", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(Environment.ProcessorCount, info.MaxThreads);
        Assert.NotEmpty(info.OneDnnHash);
    }

    [Fact]
    public void Folders_PathVariableSet_ComesFirst()
    {
        IReadOnlyList<string> folders = NativeLibraries.Folders($"/first{Path.PathSeparator}/second;/third", "/app");
        Assert.Equal(["/first", "/second", "/third", "/app"], folders.Take(4));
        Assert.StartsWith("/app/runtimes/", folders[4], StringComparison.Ordinal);
        Assert.Equal(["/app"], NativeLibraries.Folders(null, "/app").Take(1));
    }

    [Fact]
    public void LoadFrom_FirstFolderEmpty_TakesTheNext()
    {
        string present = NativeRuntime.Query().Path;
        LoadedLibrary library = NativeLibraries.LoadFrom(Path.GetFileName(present), [folder, Path.GetDirectoryName(present)!]);
        Assert.Equal(present, library.Path);
    }

    [Fact]
    public void LoadFrom_Nowhere_NamesTheFileAndEveryFolder()
    {
        BackendException error = Assert.Throws<BackendException>(
            () => NativeLibraries.LoadFrom("libsunet_absent.so", [folder, "/no/such"]));
        Assert.Equal(3, error.ExitCode);
        Assert.Equal("libsunet_absent.so", error.Library);
        Assert.Contains(folder, error.Message, StringComparison.Ordinal);
        Assert.Contains("/no/such", error.Message, StringComparison.Ordinal);
        Assert.Contains(NativeLibraries.PathVariable, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadFrom_OneDnnAbsent_NamesLibraryAndPackage()
    {
        string path = Path.Combine(folder, "libneedy.so");
        byte[] image = File.ReadAllBytes(NativeRuntime.Query().Path);
        int name = image.AsSpan().IndexOf("libdnnl.so."u8);
        Assert.True(name > 0);
        image[name + "libdnnl.so.".Length] = (byte)'9';
        File.WriteAllBytes(path, image);
        BackendException error = Assert.Throws<BackendException>(() => NativeLibraries.LoadFrom("libneedy.so", [folder]));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains("libdnnl.so.9", error.Message, StringComparison.Ordinal);
        Assert.Contains("libdnnl9", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadFrom_DamagedFile_IsNotPassedOverForALaterFolder()
    {
        string present = NativeRuntime.Query().Path;
        string damaged = Path.Combine(folder, Path.GetFileName(present));
        File.WriteAllText(damaged, "no library", Encoding.ASCII);
        BackendException error = Assert.Throws<BackendException>(
            () => NativeLibraries.LoadFrom(Path.GetFileName(present), [folder, Path.GetDirectoryName(present)!]));
        Assert.Contains(damaged, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CheckAbi_OtherNumber_NamesBoth()
    {
        NativeLibraries.CheckAbi("/x/libsunet_cpu.so", 1, 1);
        BackendException error = Assert.Throws<BackendException>(() => NativeLibraries.CheckAbi("/x/libsunet_cpu.so", 7, 1));
        Assert.Contains("ABI 7", error.Message, StringComparison.Ordinal);
        Assert.Contains("ABI 1", error.Message, StringComparison.Ordinal);
    }
}
