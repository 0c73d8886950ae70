using Sunet.Architecture.Tests.Sources;

namespace Sunet.Architecture.Tests.Reporting;

/// <summary>Writes the report into artifacts/architecture.txt.</summary>
public sealed class ReportTests
{
    /// <remarks>With SUNET_ARCHITECTURE_ROOT=/path the report is about the checkout in that folder, which has to be built.</remarks>
    [Fact]
    public void Report_Checkout_IsWritten()
    {
        string report = ArchitectureReport.Of(Checkout.Current);
        File.WriteAllText(Path.Combine(Checkout.Own.Root, "artifacts/architecture.txt"), report);
        Assert.All(Checkout.Current.Projects, project => Assert.Contains(project, report, StringComparison.Ordinal));
    }
}
