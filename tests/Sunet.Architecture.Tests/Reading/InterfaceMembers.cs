using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Sunet.Architecture.Tests.Reading;

/// <summary>Counts the members of an interface.</summary>
internal static class InterfaceMembers
{
    /// <summary>
    /// Counts the methods, properties and events of an interface and of every interface of the same assembly that it extends. A
    /// property is one member. The count is 0 for an assembly without an interface of the name.
    /// </summary>
    public static int Count(string assembly, string name)
    {
        using PEReader image = new(File.OpenRead(assembly));
        MetadataReader reader = image.GetMetadataReader();
        HashSet<TypeDefinitionHandle> all = [];
        foreach (TypeDefinitionHandle handle in reader.TypeDefinitions)
        {
            if (reader.StringComparer.Equals(reader.GetTypeDefinition(handle).Name, name))
                Extend(reader, handle, all);
        }
        return all.Sum(h => Own(reader, reader.GetTypeDefinition(h)));
    }

    private static void Extend(MetadataReader reader, TypeDefinitionHandle handle, HashSet<TypeDefinitionHandle> all)
    {
        if (!all.Add(handle))
            return;
        foreach (InterfaceImplementationHandle implementation in reader.GetTypeDefinition(handle).GetInterfaceImplementations())
        {
            if (reader.GetInterfaceImplementation(implementation).Interface is { Kind: HandleKind.TypeDefinition } extended)
                Extend(reader, (TypeDefinitionHandle)extended, all);
        }
    }

    private static int Own(MetadataReader reader, TypeDefinition type)
    {
        int methods = type.GetMethods().Count(m => (reader.GetMethodDefinition(m).Attributes & MethodAttributes.SpecialName) == 0);
        return methods + type.GetProperties().Count + type.GetEvents().Count;
    }
}
