using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Text.RegularExpressions;

namespace Sunet.Architecture.Tests.Reading;

/// <summary>Tells which source file each type, method and field of an assembly stands in, from its portable PDB.</summary>
/// <remarks>
/// Methods have sequence points. A type without any method body has a list of its documents. The PDB says nothing about a field, nor
/// about a nested type without any method body; where the type has several files, their text is asked. What a source generator wrote
/// counts for the file that bears the type's name.
/// </remarks>
internal sealed class TypeFiles
{
    private static readonly Guid TypeDefinitionDocuments = new("932E74BC-DBA9-4478-8D46-0F32A7BAB3D3");

    private readonly MetadataReader _reader;
    private readonly MetadataReader _pdb;
    private readonly Func<string, string?> _relative;
    private readonly Func<string, string> _text;
    private readonly Dictionary<MethodDefinitionHandle, List<(int Offset, string File)>> _points = [];
    private readonly Dictionary<TypeDefinitionHandle, IReadOnlyList<string>> _files = [];

    /// <param name="reader">The metadata of the assembly.</param>
    /// <param name="pdb">The metadata of its PDB.</param>
    /// <param name="relative">Gives the path of a document within the project, or null for one that is none of its sources.</param>
    /// <param name="text">Gives the text of a source file by that path.</param>
    public TypeFiles(MetadataReader reader, MetadataReader pdb, Func<string, string?> relative, Func<string, string> text)
    {
        (_reader, _pdb, _relative, _text) = (reader, pdb, relative, text);
        foreach (MethodDefinitionHandle method in reader.MethodDefinitions)
            ReadPoints(method);
    }

    /// <summary>Whether the compiler made the type: a closure, a state machine, a cache of delegates.</summary>
    public bool IsGenerated(TypeDefinitionHandle type) => TypeNames.IsGenerated(_reader.GetString(_reader.GetTypeDefinition(type).Name));

    /// <summary>
    /// The files that the type stands in, the one that bears its name first; empty for a type that no source file declares. A
    /// generated type stands where its methods do, or else where its enclosing type does.
    /// </summary>
    public IReadOnlyList<string> Of(TypeDefinitionHandle type)
    {
        if (!_files.TryGetValue(type, out IReadOnlyList<string>? files))
            _files[type] = files = Find(type);
        return files;
    }

    /// <summary>The file that the method stands in, or null where the PDB has none of the project's files for it.</summary>
    public string? Of(MethodDefinitionHandle method) => Of(method, 0);

    /// <summary>
    /// The file that an instruction of the method stands in. A constructor has several: it holds the initializers of all parts.
    /// </summary>
    public string? Of(MethodDefinitionHandle method, int offset) =>
        _points.TryGetValue(method, out List<(int Offset, string File)>? points)
            ? points.LastOrDefault(p => p.Offset <= offset, points[0]).File
            : null;

    /// <summary>The file that the field stands in.</summary>
    public string Of(TypeDefinitionHandle type, FieldDefinition field)
    {
        IReadOnlyList<string> files = Of(type);
        string name = _reader.GetString(field.Name);
        if (files.Count == 1)
            return files[0];
        if (Match(name, "^<>9__(.+)$") is { } lambda)
            return FileOfMethod(type, method => method.EndsWith("b__" + lambda, StringComparison.Ordinal)) ?? files[0];
        if (Match(name, "^<(.+)>k__BackingField$") is { } property)
            return FileOfMethod(type, method => method == "get_" + property) ?? files[0];
        Regex declaration = new($@"^\s+(?:public|private|internal|protected|static|readonly|const)\b[^;=]*\b{Regex.Escape(name)}\s*[;=,]",
            RegexOptions.Multiline);
        return files.FirstOrDefault(file => declaration.IsMatch(_text(file)), files[0]);
    }

    private void ReadPoints(MethodDefinitionHandle method)
    {
        MethodDebugInformation debug = _pdb.GetMethodDebugInformation(method);
        List<(int, string)> points = [];
        foreach (SequencePoint point in debug.GetSequencePoints())
        {
            if (!point.IsHidden && File(point.Document) is { } file)
                points.Add((point.Offset, file));
        }
        if (points.Count == 0)
            return;
        _points[method] = points;
        // An async method or an iterator has its points in the state machine alone.
        if (debug.GetStateMachineKickoffMethod() is { IsNil: false } kickoff)
            _points.TryAdd(kickoff, [points[0]]);
    }

    private List<string> Find(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _reader.GetTypeDefinition(handle);
        string name = TypeNames.Source(_reader.GetString(type.Name));
        IEnumerable<string> files = type.GetMethods().SelectMany(m => _points.GetValueOrDefault(m) ?? []).Select(p => p.File)
            .Concat(Documents(handle));
        List<string> sorted =
            [.. files.GroupBy(f => f).OrderByDescending(g => Rank(g.Key, name)).ThenByDescending(g => g.Count()).Select(g => g.Key)];
        if (sorted.Count > 0 || type.GetDeclaringType().IsNil)
            return sorted;
        // A nested type without any method body has no document of its own.
        IReadOnlyList<string> enclosing = Of(type.GetDeclaringType());
        if (enclosing.Count == 0)
            return [];
        Regex declaration = new($@"\b(?:class|struct|interface|enum|record|delegate\s[^;]+)\s{Regex.Escape(name)}\b");
        return [enclosing.FirstOrDefault(f => declaration.IsMatch(_text(f)), enclosing[0])];
    }

    private List<string> Documents(TypeDefinitionHandle type)
    {
        foreach (CustomDebugInformationHandle handle in _pdb.GetCustomDebugInformation(type))
        {
            CustomDebugInformation information = _pdb.GetCustomDebugInformation(handle);
            if (_pdb.GetGuid(information.Kind) != TypeDefinitionDocuments)
                continue;
            BlobReader documents = _pdb.GetBlobReader(information.Value);
            List<string> files = [];
            while (documents.RemainingBytes > 0)
            {
                if (File(MetadataTokens.DocumentHandle(documents.ReadCompressedInteger())) is { } file)
                    files.Add(file);
            }
            return files;
        }
        return [];
    }

    private string? FileOfMethod(TypeDefinitionHandle type, Func<string, bool> named) => _reader.GetTypeDefinition(type).GetMethods()
        .Where(m => named(_reader.GetString(_reader.GetMethodDefinition(m).Name)))
        .Select(m => Of(m)).FirstOrDefault(file => file is not null);

    private string? File(DocumentHandle document) =>
        document.IsNil ? null : _relative(_pdb.GetString(_pdb.GetDocument(document).Name));

    private static int Rank(string file, string name)
    {
        string bare = Path.GetFileName(file);
        return bare == name + ".cs" ? 2 : bare.StartsWith(name + ".", StringComparison.Ordinal) ? 1 : 0;
    }

    private static string? Match(string text, string pattern) =>
        Regex.Match(text, pattern) is { Success: true } match ? match.Groups[1].Value : null;
}
