namespace Sunet.Architecture.Tests.Fixtures;

internal sealed partial class Uses
{
    public static bool Parameter(ReadOnlySpan<Used?[]> parameter) => parameter.IsEmpty;
}
