using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Sunet.Architecture.Tests.Model;

namespace Sunet.Architecture.Tests.Reading;

/// <summary>Reads the types of a compiled assembly and the arrows between their files.</summary>
/// <remarks>
/// A use counts where the compiled code shows it: base types and interfaces, fields, signatures, local variables, type arguments and
/// constraints, attributes, instructions, and catch clauses. Constants and members of enums are numbers by then, and
/// <see langword="nameof"/> is a string: such uses leave no trace and are not seen.
/// </remarks>
internal sealed class AssemblyReader
{
    private readonly MetadataReader _reader;
    private readonly PEReader _image;
    private readonly TypeFiles _files;
    private readonly AttributeTypes _attributes;
    private readonly string _rootNamespace;
    private readonly HashSet<Arrow> _arrows = [];

    private AssemblyReader(PEReader image, MetadataReader reader, TypeFiles files, string rootNamespace)
    {
        (_image, _reader, _files, _rootNamespace) = (image, reader, files, rootNamespace);
        _attributes = new AttributeTypes(reader);
    }

    /// <summary>Reads an assembly.</summary>
    /// <param name="name">The name of the project, which is its root namespace, too.</param>
    /// <param name="assembly">The path of the assembly; its portable PDB lies beside it.</param>
    /// <param name="root">The folder of the checkout.</param>
    /// <param name="project">The folder of the project, relative to the checkout.</param>
    /// <exception cref="InvalidDataException">There is no PDB, or a source file that it names is gone.</exception>
    public static AssemblyModel Read(string name, string assembly, string root, string project)
    {
        using PEReader image = new(File.OpenRead(assembly));
        image.TryOpenAssociatedPortablePdb(assembly, Open, out MetadataReaderProvider? symbols, out _);
        if (symbols is null)
            throw new InvalidDataException($"{assembly} has no portable PDB beside it.");
        using (symbols)
        {
            SourcePaths paths = new(root, project);
            MetadataReader reader = image.GetMetadataReader();
            TypeFiles files = new(reader, symbols.GetMetadataReader(), paths.Relative, paths.Text);
            return new AssemblyReader(image, reader, files, name).Read(name);
        }
    }

    private static FileStream? Open(string path) => File.Exists(path) ? File.OpenRead(path) : null;

    private AssemblyModel Read(string name)
    {
        List<DeclaredType> types = [];
        foreach (TypeDefinitionHandle handle in _reader.TypeDefinitions)
        {
            if (_files.Of(handle).Count == 0)
                continue;
            ReadType(handle);
            if (!_files.IsGenerated(handle))
                types.Add(Declared(handle));
        }
        return new AssemblyModel(name, types, [.. _arrows.OrderBy(a => a.ToString(), StringComparer.Ordinal)])
        {
            References = [.. _reader.AssemblyReferences.Select(h => _reader.GetString(_reader.GetAssemblyReference(h).Name))],
        };
    }

    private DeclaredType Declared(TypeDefinitionHandle handle) => new(Name(handle), Room(handle), _files.Of(handle))
    {
        IsPublic = IsPublic(handle),
        IsPrivate = IsPrivate(handle),
    };

    private bool IsPrivate(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _reader.GetTypeDefinition(handle);
        return (type.Attributes & TypeAttributes.VisibilityMask) == TypeAttributes.NestedPrivate
            || TypeNames.IsFileLocal(_reader.GetString(type.Name))
            || (!type.GetDeclaringType().IsNil && IsPrivate(type.GetDeclaringType()));
    }

    private bool IsPublic(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _reader.GetTypeDefinition(handle);
        return (type.Attributes & TypeAttributes.VisibilityMask) switch
        {
            TypeAttributes.Public => true,
            TypeAttributes.NestedPublic => IsPublic(type.GetDeclaringType()),
            TypeAttributes.NestedFamily or TypeAttributes.NestedFamORAssem => IsPublic(type.GetDeclaringType()),
            _ => false,
        };
    }

    private void ReadType(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _reader.GetTypeDefinition(handle);
        TypeUses uses = new(_reader, _attributes);
        string file = _files.Of(handle)[0];

        uses.AddHandle(type.BaseType);
        foreach (InterfaceImplementationHandle implementation in type.GetInterfaceImplementations())
            uses.AddHandle(_reader.GetInterfaceImplementation(implementation).Interface);
        uses.AddParameters(type.GetGenericParameters());
        uses.AddAttributes(type.GetCustomAttributes());
        Point(handle, file, uses);

        foreach (FieldDefinitionHandle field in type.GetFields())
        {
            uses.AddField(_reader.GetFieldDefinition(field));
            Point(handle, _files.Of(handle, _reader.GetFieldDefinition(field)), uses);
        }
        foreach (MethodDefinitionHandle method in type.GetMethods())
            ReadMethod(handle, method, uses);
        foreach (PropertyDefinitionHandle property in type.GetProperties())
        {
            PropertyAccessors of = _reader.GetPropertyDefinition(property).GetAccessors();
            uses.AddAttributes(_reader.GetPropertyDefinition(property).GetCustomAttributes());
            Point(handle, _files.Of(of.Getter.IsNil ? of.Setter : of.Getter) ?? file, uses);
        }
        foreach (EventDefinitionHandle member in type.GetEvents())
        {
            uses.AddAttributes(_reader.GetEventDefinition(member).GetCustomAttributes());
            Point(handle, _files.Of(_reader.GetEventDefinition(member).GetAccessors().Adder) ?? file, uses);
        }
    }

    private void ReadMethod(TypeDefinitionHandle type, MethodDefinitionHandle handle, TypeUses uses)
    {
        MethodDefinition method = _reader.GetMethodDefinition(handle);
        string file = _files.Of(handle) ?? _files.Of(type)[0];
        uses.AddMethod(method);
        if (method.RelativeVirtualAddress == 0)
        {
            Point(type, file, uses);
            return;
        }
        MethodBodyBlock body = _image.GetMethodBody(method.RelativeVirtualAddress);
        uses.AddHandle(body.LocalSignature);
        foreach (ExceptionRegion region in body.ExceptionRegions)
            uses.AddHandle(region.CatchType);
        Point(type, file, uses);
        foreach ((int offset, EntityHandle token) in IlTokens.Read(body.GetILReader()))
        {
            uses.AddHandle(token);
            Point(type, _files.Of(handle, offset) ?? file, uses);
        }
    }

    // Turns the uses gathered so far into arrows from a file.
    private void Point(TypeDefinitionHandle user, string file, TypeUses uses)
    {
        foreach (TypeDefinitionHandle used in uses.Take())
        {
            if (!_files.IsGenerated(used) && _files.Of(used) is [string target, ..] && target != file)
                _arrows.Add(new Arrow(file, Room(user), target, Room(used), Name(used)));
        }
    }

    private string Name(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _reader.GetTypeDefinition(handle);
        string name = TypeNames.Source(_reader.GetString(type.Name));
        return type.GetDeclaringType().IsNil ? name : Name(type.GetDeclaringType()) + "." + name;
    }

    private string Room(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _reader.GetTypeDefinition(handle);
        if (!type.GetDeclaringType().IsNil)
            return Room(type.GetDeclaringType());
        string name = _reader.GetString(type.Namespace);
        if (name == _rootNamespace)
            return "";
        return name.StartsWith(_rootNamespace + ".", StringComparison.Ordinal) ? name[(_rootNamespace.Length + 1)..] : name;
    }
}
