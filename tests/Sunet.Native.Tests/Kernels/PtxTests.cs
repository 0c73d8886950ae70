using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Sunet.Native.Tests.Kernels;

/// <summary>What the compiled kernels promise, read from their instructions: a spill or a narrow access shows there.</summary>
public sealed partial class PtxTests
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(Here(), "..", "..", "..", ".."));
    private static readonly string Text = File.ReadAllText(Path.Combine(Root, "artifacts", "native", "sunet_kernels.ptx"));
    private static readonly PtxListing Listing = new(Text);
    private static readonly IReadOnlyList<(string Name, string Promise)> Promised = Entries();

    [Fact]
    public void Target_OfKernels_IsAmpere() => Assert.Equal("sm_80", Listing.Target);

    [Fact]
    public void Resource_OfLibrary_IsTheCompiledText()
    {
        using Stream resource = typeof(SunetException).Assembly.GetManifestResourceStream("sunet_kernels.ptx")!;
        Assert.NotNull(resource);
        using var reader = new StreamReader(resource);
        Assert.Equal(Text, reader.ReadToEnd());
    }

    [Fact]
    public void Kernels_OfListing_AreThoseOfTheList()
    {
        Assert.NotEmpty(Promised);
        Assert.Equal(Promised.Select(p => p.Name).Order(StringComparer.Ordinal), Listing.Kernels.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Kernels_OfListing_NeedNothingFromOutside() => Assert.Empty(Listing.Externals);

    [Fact]
    public void Kernels_OfListing_UseNoLocalMemory() =>
        Assert.All(Listing.Kernels, kernel => Assert.False(PtxListing.UsesLocalMemory(kernel.Value), kernel.Key));

    [Fact]
    public void Kernels_ThatPromiseVectors_LoadAndStoreThem()
    {
        Assert.Contains(Promised, p => p.Promise == "VECTOR_");
        Assert.Contains(Promised, p => p.Promise == "VECTOR_LOAD_");
        foreach ((string name, string promise) in Promised)
        {
            Assert.True(promise.Length == 0 || PtxListing.LoadsVectors(Listing.Kernels[name]), $"{name} has no 16-byte load.");
            Assert.True(promise != "VECTOR_" || PtxListing.StoresVectors(Listing.Kernels[name]), $"{name} has no 16-byte store.");
        }
    }

    [Fact]
    public void PtxListing_OfAPlantedText_FindsWhatIsWrongWithIt()
    {
        var planted = new PtxListing("""
            .version 7.0
            .target sm_75
            .extern .func (.param .b32 func_retval0) expf
            .visible .entry spills(
                .param .u64 spills_param_0
            )
            {
                .local .align 4 .b8 __local_depot0[8];
                ld.global.f32 %f1, [%rd1];
                st.local.f32 [%rd2], %f1;
                ret;
            }
            .visible .entry wide(
                .param .u64 wide_param_0
            )
            {
                ld.global.nc.v4.u32 {%r1, %r2, %r3, %r4}, [%rd1];
                st.global.v2.b64 [%rd2], {%rd3, %rd4};
                ret;
            }
            .visible .entry narrow(
                .param .u64 narrow_param_0
            )
            {
                ld.global.v2.f32 {%f1, %f2}, [%rd1];
                ld.shared.v4.f32 {%f1, %f2, %f3, %f4}, [%rd1];
                st.global.v4.u16 [%rd2], {%rs1, %rs2, %rs3, %rs4};
                ret;
            }
            """);
        Assert.Equal("sm_75", planted.Target);
        Assert.Single(planted.Externals);
        Assert.Equal(["narrow", "spills", "wide"], planted.Kernels.Keys.Order(StringComparer.Ordinal));
        Assert.True(PtxListing.UsesLocalMemory(planted.Kernels["spills"]));
        Assert.False(PtxListing.UsesLocalMemory(planted.Kernels["wide"]));
        Assert.True(PtxListing.LoadsVectors(planted.Kernels["wide"]) && PtxListing.StoresVectors(planted.Kernels["wide"]));
        Assert.False(PtxListing.LoadsVectors(planted.Kernels["narrow"]) || PtxListing.StoresVectors(planted.Kernels["narrow"]));
    }

    private static (string Name, string Promise)[] Entries() =>
    [
        .. ListEntry().Matches(File.ReadAllText(Path.Combine(Root, "native", "cuda", "include", "sunet_cuda.h")))
            .Select(m => (m.Groups[2].Value, m.Groups[1].Value)),
    ];

    private static string Here([CallerFilePath] string path = "") => path;

    [GeneratedRegex(@"^SUNET_(VECTOR_|VECTOR_LOAD_|)ENTRY (\w+)\(", RegexOptions.Multiline)]
    private static partial Regex ListEntry();
}
