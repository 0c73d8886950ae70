using Sunet.Architecture.Tests.Reporting;
using Sunet.Architecture.Tests.Sources;

namespace Sunet.Architecture.Tests;

/// <summary>The libraries show their users no more types than they need.</summary>
public sealed class FrontDoorTests
{
    private const int MostPublicTypes = 120;

    [Fact]
    public void PublicTypes_OfTheLibraries_AreFew()
    {
        int count = ArchitectureReport.PublicTypes(Checkout.Current);
        Assert.True(count <= MostPublicTypes, $"The libraries have {count} public types, and should have at most {MostPublicTypes}.");
    }
}
