namespace Sunet.Architecture.Tests.Fixtures;

/// <summary>Uses <see cref="Used"/> as its base type; each other part uses it in the way that the part is named after.</summary>
internal sealed partial class Uses : Used;
