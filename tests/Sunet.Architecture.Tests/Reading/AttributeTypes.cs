using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace Sunet.Architecture.Tests.Reading;

/// <summary>Reads the arguments of custom attributes for the types that they name, such as <c>[JsonSerializable(typeof(T))]</c>.</summary>
internal sealed class AttributeTypes(MetadataReader reader) : ICustomAttributeTypeProvider<string>
{
    private const string SystemType = "System.Type";

    private readonly Dictionary<string, TypeDefinitionHandle> _byName =
        reader.TypeDefinitions.ToDictionary(h => FullName(reader, h), StringComparer.Ordinal);

    /// <summary>The types of the assembly that the attribute's arguments name.</summary>
    public IEnumerable<TypeDefinitionHandle> Named(CustomAttribute attribute)
    {
        CustomAttributeValue<string> value = attribute.DecodeValue(this);
        IEnumerable<object?> arguments = value.FixedArguments.Select(a => a.Value).Concat(value.NamedArguments.Select(a => a.Value));
        return arguments.SelectMany(Names).Where(_byName.ContainsKey).Select(name => _byName[name]);
    }

    public string GetPrimitiveType(PrimitiveTypeCode typeCode) => typeCode.ToString();

    public string GetSystemType() => SystemType;

    public string GetSZArrayType(string elementType) => elementType + "[]";

    public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => FullName(reader, handle);

    public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind)
    {
        TypeReference type = reader.GetTypeReference(handle);
        string name = reader.GetString(type.Name);
        return type.ResolutionScope.Kind == HandleKind.TypeReference
            ? GetTypeFromReference(reader, (TypeReferenceHandle)type.ResolutionScope, rawTypeKind) + "+" + name
            : reader.GetString(type.Namespace) + "." + name;
    }

    public string GetTypeFromSerializedName(string name) => name;

    public bool IsSystemType(string type) => type == SystemType;

    public PrimitiveTypeCode GetUnderlyingEnumType(string type)
    {
        string name = type.Split(',')[0];
        if (_byName.TryGetValue(name, out TypeDefinitionHandle handle))
        {
            FieldDefinition value = reader.GetFieldDefinition(reader.GetTypeDefinition(handle).GetFields().First());
            BlobReader signature = reader.GetBlobReader(value.Signature);
            signature.ReadSignatureHeader();
            return (PrimitiveTypeCode)signature.ReadSignatureTypeCode();
        }
        // An enum that is not the runtime's own is taken for one of int, as nearly all are.
        Type? underlying = Type.GetType(name) is { IsEnum: true } known ? Enum.GetUnderlyingType(known) : null;
        return underlying is null ? PrimitiveTypeCode.Int32 : Enum.Parse<PrimitiveTypeCode>(underlying.Name);
    }

    private static string FullName(MetadataReader reader, TypeDefinitionHandle handle)
    {
        TypeDefinition type = reader.GetTypeDefinition(handle);
        string name = reader.GetString(type.Name);
        if (!type.GetDeclaringType().IsNil)
            return FullName(reader, type.GetDeclaringType()) + "+" + name;
        return type.Namespace.IsNil ? name : reader.GetString(type.Namespace) + "." + name;
    }

    // Type arguments stand inside brackets: Outer`1[[Inner, Assembly]].
    private static IEnumerable<string> Names(object? argument) => argument switch
    {
        string name => name.Split(['[', ']', ',', ' '], StringSplitOptions.RemoveEmptyEntries),
        IEnumerable<CustomAttributeTypedArgument<string>> several => several.SelectMany(a => Names(a.Value)),
        _ => [],
    };
}
