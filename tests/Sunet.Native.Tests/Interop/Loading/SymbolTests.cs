using System.Reflection;
using System.Runtime.InteropServices;
using Sunet.Native.Backends.Shared;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Ops;

namespace Sunet.Native.Tests.Interop.Loading;

/// <summary>What the library asks of the machine it is copied to: nothing newer than Debian 12, and no C++ runtime.</summary>
public sealed class SymbolTests
{
    private readonly ElfFile library = new(NativeRuntime.Query().Path);

    [Fact]
    public void Versions_OfLibrary_AreNoNewerThanDebian12()
    {
        Assert.DoesNotContain(library.Versions, v => v.StartsWith("GLIBCXX", StringComparison.Ordinal));
        Assert.DoesNotContain(library.Versions, v => v.StartsWith("CXXABI", StringComparison.Ordinal));
        Version[] glibc =
        [
            .. library.Versions.Where(v => v.StartsWith("GLIBC_", StringComparison.Ordinal))
                .Select(v => Version.Parse(v["GLIBC_".Length..])),
        ];
        Assert.NotEmpty(glibc);
        Assert.True(glibc.Max() <= new Version(2, 36), $"The library asks for glibc {glibc.Max()}.");
    }

    [Fact]
    public void Exports_OfLibrary_AreOurOwnOnly() =>
        Assert.All(library.Exports, name => Assert.StartsWith("sunet_", name, StringComparison.Ordinal));

    [Fact]
    public void Exports_OfLibrary_HaveEveryBoundFunction()
    {
        nint handle = NativeLibrary.Load(NativeRuntime.Query().Path);
        Type[] types = typeof(SunetCpu).Assembly.GetTypes();
        string[] bound =
        [
            .. types.Where(t => t.Namespace == typeof(SunetCpu).Namespace)
                .SelectMany(t => t.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
                .Select(m => m.GetCustomAttribute<LibraryImportAttribute>()?.EntryPoint).OfType<string>(),

            // Kernels of pointwise ops are found by name.
            .. types.Where(t => t.IsClass && t.IsAssignableTo(typeof(IPointwise))).Select(t => "sunet_" + KernelName.OfKind(t.Name)),
        ];
        Assert.Equal(library.Exports.Order(StringComparer.Ordinal), bound.Order(StringComparer.Ordinal));
        Assert.All(bound, name => Assert.True(NativeLibrary.TryGetExport(handle, name, out _), name));
        NativeLibrary.Free(handle);
    }

    [Fact]
    public void ElfFile_OfTheRuntime_SeesItsCppDependency()
    {
        ElfFile runtime = new(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "libcoreclr.so"));
        Assert.Contains(runtime.Versions, v => v.StartsWith("GLIBC", StringComparison.Ordinal));
        Assert.Contains("coreclr_initialize", runtime.Exports);
    }
}
