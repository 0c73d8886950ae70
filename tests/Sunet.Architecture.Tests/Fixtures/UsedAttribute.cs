namespace Sunet.Architecture.Tests.Fixtures;

/// <summary>An attribute that names a type.</summary>
[AttributeUsage(AttributeTargets.All)]
internal sealed class UsedAttribute(Type type) : Attribute
{
    public Type Type => type;
}
