using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Text;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Interop.Loading;

namespace Sunet.Native.Tests.Interop.Loading;

public sealed class NativeLibrariesTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sunet-loader-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Query_Loaded_DescribesTheLibrary()
    {
        NativeRuntimeInfo info = NativeRuntime.Query();
        Assert.True(File.Exists(info.Path));
        Assert.Equal(CpuLibrary.Abi, info.Abi);
        Assert.True(info.OneDnnVersion >= new Version(2, 6));
        Assert.Contains(info.ChannelBlock, new[] { 8, 16 });
        Assert.Equal(info.ChannelBlock == 16, info.InstructionSet.Contains("AVX512", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(Environment.ProcessorCount, info.MaxThreads);
        Assert.NotEmpty(info.OneDnnHash);
    }

    [Fact]
    public void Folders_PathVariableSet_ComesFirst()
    {
        IReadOnlyList<string> folders = NativeLibraries.Folders($"/first{Path.PathSeparator}/second;/third", "/app", "/app/", null);
        Assert.Equal(["/first", "/second", "/third", "/app"], folders.Take(4));
        Assert.StartsWith("/app/runtimes/", folders[4], StringComparison.Ordinal);
        Assert.Equal(["/app"], NativeLibraries.Folders(null, null, "/app", null).Take(1));
    }

    /// <summary>A single-file application has no assembly's folder; its host unpacks libraries to a folder that it names.</summary>
    [Fact]
    public void Folders_HostHasUnpackedLibraries_AreSearchedWithTheirRuntimes()
    {
        IReadOnlyList<string> folders =
            NativeLibraries.Folders(null, null, "/app", $"/home/.net/app/1/{Path.PathSeparator}/usr/share/dotnet");
        string native = folders[1]["/app".Length..];
        Assert.Equal(
            ["/app", "/app" + native, "/home/.net/app/1", "/home/.net/app/1" + native, "/usr/share/dotnet", "/usr/share/dotnet" + native],
            folders);
    }

    /// <summary>A plugin's library goes before that of the application it is loaded into; a notebook's lies in a package.</summary>
    [Fact]
    public void Folders_AssemblyElsewhere_GoesBeforeTheApplication()
    {
        IReadOnlyList<string> folders = NativeLibraries.Folders(null, "/packages/sunet.native/0.1.0/lib/net10.0", "/host", null);
        Assert.Equal("/packages/sunet.native/0.1.0/lib/net10.0", folders[0]);
        Assert.StartsWith("/packages/sunet.native/0.1.0/lib/net10.0/runtimes/", folders[1], StringComparison.Ordinal);
        Assert.Equal("/host", folders[2]);
        Assert.StartsWith("/packages/sunet.native/0.1.0/runtimes/", folders[4], StringComparison.Ordinal);
    }

    [Fact]
    public void LoadFrom_LoadContextResolvesIt_TakesThat()
    {
        string present = NativeRuntime.Query().Path;
        nint Resolve(Assembly assembly, string name) => name == "sunet_elsewhere" ? NativeLibrary.Load(present) : 0;
        AssemblyLoadContext.Default.ResolvingUnmanagedDll += Resolve;
        try
        {
            Assert.NotEqual(0, NativeLibraries.LoadFrom("sunet_elsewhere", [folder]).Handle);
        }
        finally
        {
            AssemblyLoadContext.Default.ResolvingUnmanagedDll -= Resolve;
        }
    }

    /// <summary>
    /// As a host loads a plugin: the assembly and its native library in a folder of their own, in a context of their own.
    /// </summary>
    [Fact]
    public void Query_InAPluginsLoadContext_LoadsTheLibraryBesideTheAssembly()
    {
        NativeRuntimeInfo own = NativeRuntime.Query();
        string assembly = Path.Combine(folder, "Sunet.Native.dll");
        string library = Path.Combine(NativeLibraries.Folders(null, null, folder, null)[1], Path.GetFileName(own.Path));
        File.Copy(typeof(NativeRuntime).Assembly.Location, assembly);
        Directory.CreateDirectory(Path.GetDirectoryName(library)!);
        File.Copy(own.Path, library);
        var context = new AssemblyLoadContext("plugin", isCollectible: true);
        try
        {
            Type runtime = context.LoadFromAssemblyPath(assembly).GetType(typeof(NativeRuntime).FullName!, throwOnError: true)!;
            Assert.NotEqual(typeof(NativeRuntime), runtime);
            object info = runtime.GetMethod(nameof(NativeRuntime.Query))!.Invoke(null, null)!;
            Assert.Equal(library, info.GetType().GetProperty(nameof(NativeRuntimeInfo.Path))!.GetValue(info));
            Assert.Equal(own.OneDnnHash, info.GetType().GetProperty(nameof(NativeRuntimeInfo.OneDnnHash))!.GetValue(info));
        }
        finally
        {
            context.Unload();
        }
    }

    [Fact]
    public void LoadFrom_FirstFolderEmpty_TakesTheNext()
    {
        string present = NativeRuntime.Query().Path;
        LoadedLibrary library = NativeLibraries.LoadFrom(CpuLibrary.Name, [folder, Path.GetDirectoryName(present)!]);
        Assert.Equal(present, library.Path);
    }

    [Fact]
    public void LoadFrom_Nowhere_NamesTheFileAndEveryFolder()
    {
        BackendException error = Assert.Throws<BackendException>(
            () => NativeLibraries.LoadFrom("sunet_absent", [folder, "/no/such"]));
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
        BackendException error = Assert.Throws<BackendException>(() => NativeLibraries.LoadFrom("needy", [folder]));
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
            () => NativeLibraries.LoadFrom(CpuLibrary.Name, [folder, Path.GetDirectoryName(present)!]));
        Assert.Contains(damaged, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CheckAbi_OtherNumber_NamesBoth()
    {
        CpuLibrary.CheckAbi("/x/libsunet_cpu.so", 1, 1);
        BackendException error = Assert.Throws<BackendException>(() => CpuLibrary.CheckAbi("/x/libsunet_cpu.so", 7, 1));
        Assert.Contains("ABI 7", error.Message, StringComparison.Ordinal);
        Assert.Contains("ABI 1", error.Message, StringComparison.Ordinal);
    }
}
