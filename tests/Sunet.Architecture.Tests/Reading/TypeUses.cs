using System.Reflection.Metadata;

namespace Sunet.Architecture.Tests.Reading;

/// <summary>Gathers the types of the assembly that parts of its metadata name.</summary>
internal sealed class TypeUses
{
    private readonly MetadataReader _reader;
    private readonly AttributeTypes _attributes;
    private readonly SignatureTypes _signatures;
    private readonly HashSet<TypeDefinitionHandle> _found = [];

    public TypeUses(MetadataReader reader, AttributeTypes attributes)
    {
        (_reader, _attributes) = (reader, attributes);
        _signatures = new SignatureTypes(type => _found.Add(type));
    }

    /// <summary>Returns what was gathered since the last call.</summary>
    public IReadOnlyList<TypeDefinitionHandle> Take()
    {
        TypeDefinitionHandle[] found = [.. _found];
        _found.Clear();
        return found;
    }

    /// <summary>Adds a type, the declaring type of a member with its type arguments, or the types of a signature.</summary>
    public void AddHandle(EntityHandle handle)
    {
        if (handle.IsNil)
            return;
        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition:
                _found.Add((TypeDefinitionHandle)handle);
                break;
            case HandleKind.TypeSpecification:
                _reader.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(_signatures, null);
                break;
            case HandleKind.MethodDefinition:
                _found.Add(_reader.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType());
                break;
            case HandleKind.FieldDefinition:
                _found.Add(_reader.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType());
                break;
            case HandleKind.MemberReference:
                AddHandle(_reader.GetMemberReference((MemberReferenceHandle)handle).Parent);
                break;
            case HandleKind.MethodSpecification:
                MethodSpecification method = _reader.GetMethodSpecification((MethodSpecificationHandle)handle);
                AddHandle(method.Method);
                method.DecodeSignature(_signatures, null);
                break;
            case HandleKind.StandaloneSignature:
                AddSignature(_reader.GetStandaloneSignature((StandaloneSignatureHandle)handle));
                break;
        }
    }

    public void AddField(FieldDefinition field)
    {
        field.DecodeSignature(_signatures, null);
        AddAttributes(field.GetCustomAttributes());
    }

    public void AddMethod(MethodDefinition method)
    {
        method.DecodeSignature(_signatures, null);
        AddParameters(method.GetGenericParameters());
        AddAttributes(method.GetCustomAttributes());
        foreach (ParameterHandle parameter in method.GetParameters())
            AddAttributes(_reader.GetParameter(parameter).GetCustomAttributes());
    }

    public void AddParameters(GenericParameterHandleCollection parameters)
    {
        foreach (GenericParameterHandle handle in parameters)
        {
            GenericParameter parameter = _reader.GetGenericParameter(handle);
            AddAttributes(parameter.GetCustomAttributes());
            foreach (GenericParameterConstraintHandle constraint in parameter.GetConstraints())
                AddHandle(_reader.GetGenericParameterConstraint(constraint).Type);
        }
    }

    public void AddAttributes(CustomAttributeHandleCollection attributes)
    {
        foreach (CustomAttributeHandle handle in attributes)
        {
            CustomAttribute attribute = _reader.GetCustomAttribute(handle);
            AddHandle(attribute.Constructor);
            _found.UnionWith(_attributes.Named(attribute));
        }
    }

    private void AddSignature(StandaloneSignature signature)
    {
        if (signature.GetKind() == StandaloneSignatureKind.LocalVariables)
            signature.DecodeLocalSignature(_signatures, null);
        else
            signature.DecodeMethodSignature(_signatures, null);
    }
}
