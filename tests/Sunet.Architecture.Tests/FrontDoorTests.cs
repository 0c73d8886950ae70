using Sunet.Architecture.Tests.Reporting;
using Sunet.Architecture.Tests.Sources;

namespace Sunet.Architecture.Tests;

/// <summary>The libraries show their users no more types than they need.</summary>
public sealed class FrontDoorTests
{
    /// <summary>
    /// The bound leaves the room of ops out: an op is public so that a backend outside of the assembly can compute it, and
    /// <c>OpListTests</c> sees to each.
    /// </summary>
    private const string Ops = "Ops";

    private const int MostPublicTypes = 99;

    [Fact]
    public void PublicTypes_OfTheLibraries_AreFew()
    {
        int count = ArchitectureReport.PublicTypes(Checkout.Current, except: Ops);
        Assert.True(count <= MostPublicTypes,
            $"The libraries have {count} public types beside their ops, and should have at most {MostPublicTypes}.");
    }
}
