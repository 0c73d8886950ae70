namespace Sunet.Architecture.Tests.Fixtures;

/// <summary>An exception that is caught but never made.</summary>
internal sealed class UsedException : Exception;
