namespace Sunet.Architecture.Tests.Fixtures;

/// <summary>Uses a type in several parts, and a type within one of the parts.</summary>
internal static class UsesParts
{
    public static object Whole() => new Uses();

    public static object Within() => new Uses.Nested();

    private sealed class Hidden
    {
        internal sealed class Deep;
    }
}

file sealed class Local;
