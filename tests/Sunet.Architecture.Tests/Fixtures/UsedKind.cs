namespace Sunet.Architecture.Tests.Fixtures;

/// <summary>A type without any method body.</summary>
internal enum UsedKind
{
    First,
    Second,
}
