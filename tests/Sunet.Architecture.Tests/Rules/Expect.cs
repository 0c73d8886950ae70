namespace Sunet.Architecture.Tests.Rules;

/// <summary>Ends a test with every place that breaks a rule.</summary>
internal static class Expect
{
    /// <summary>Fails unless the list is empty.</summary>
    /// <param name="rule">What should hold, as a sentence.</param>
    /// <param name="broken">The places that break it.</param>
    public static void None(string rule, IEnumerable<string> broken)
    {
        string[] places = [.. broken];
        if (places.Length > 0)
            Assert.Fail($"{rule} {places.Length} broke this:\n  {string.Join("\n  ", places)}");
    }
}
