namespace Sunet.Cli.Tests.Culture;

public sealed class CultureTests
{
    [Theory]
    [InlineData("Sunet.Native")]
    [InlineData("Sunet.Data")]
    [InlineData("Sunet.Native.Hosting")]
    [InlineData("Sunet.Onnx")]
    [InlineData("sunet")]
    public void InterpolatedStrings_EveryMethod_WriteNumbersInvariantly(string assembly)
    {
        using var scan = new CultureScan(Path.Combine(AppContext.BaseDirectory, assembly + ".dll"));
        Assert.Empty(scan.Findings());
    }
}
