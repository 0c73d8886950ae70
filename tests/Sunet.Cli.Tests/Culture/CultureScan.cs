using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using OpCode = System.Reflection.Emit.OpCode;

namespace Sunet.Cli.Tests.Culture;

/// <summary>
/// Finds, in compiled code, numbers and dates that interpolated, joined and added strings write in the culture of whoever calls: no
/// analyzer of the SDK sees these. A string that is written with a format provider, or that a handler of our own takes, is none, and
/// neither is a whole number without a format, in which a culture changes no more than the sign.
/// </summary>
internal sealed class CultureScan : IDisposable
{
    private const string Handler = "DefaultInterpolatedStringHandler";

    private static readonly HashSet<string> Fractions = ["Half", "Single", "Double", "Decimal", "DateTime", "DateTimeOffset"];

    private static readonly HashSet<string> Integers =
        ["SByte", "Int16", "Int32", "Int64", "IntPtr", "UInt16", "UInt32", "UInt64", "UIntPtr"];

    private static readonly Dictionary<int, OpCode> Codes = typeof(OpCodes).GetFields()
        .Select(f => f.GetValue(null)).OfType<OpCode>().ToDictionary(c => (int)(ushort)c.Value);

    private readonly PEReader file;
    private readonly MetadataReader metadata;

    /// <param name="path">The assembly.</param>
    public CultureScan(string path)
    {
        file = new PEReader(File.OpenRead(path));
        metadata = file.GetMetadataReader();
    }

    public void Dispose() => file.Dispose();

    /// <summary>Each as <c>Type.Method: what is written</c>.</summary>
    public IEnumerable<string> Findings() => metadata.MethodDefinitions.SelectMany(FindingsOf);

    private IEnumerable<string> FindingsOf(MethodDefinitionHandle handle)
    {
        MethodDefinition method = metadata.GetMethodDefinition(handle);
        if (method.RelativeVirtualAddress == 0)
            yield break;
        string name = $"{NameOf(method.GetDeclaringType())}.{metadata.GetString(method.Name)}";

        // Handlers nest where a hole has an interpolated string in it; the innermost is the one that is written to.
        var cultured = new Stack<bool>();
        foreach (Call call in Calls(file.GetMethodBody(method.RelativeVirtualAddress).GetILReader()))
        {
            if (call is { Type: Handler, Method: ".ctor" })
                cultured.Push(!call.HasProvider);
            else if (call is { Type: Handler, Method: "ToStringAndClear" })
                cultured.TryPop(out _);
            else if (call is { Type: Handler, Method: "AppendFormatted" }
                ? cultured.TryPeek(out bool bad) && bad && call.Writes
                : call.Joins)
                yield return $"{name}: {(call.Argument.Length > 0 ? call.Argument : call.Type)}";
        }
    }

    private List<Call> Calls(BlobReader code)
    {
        var calls = new List<Call>();
        while (code.RemainingBytes > 0)
        {
            int value = code.ReadByte();
            if (value == 0xFE)
                value = 0xFE00 | code.ReadByte();
            OpCode operation = Codes[value];
            if (operation.OperandType == OperandType.InlineMethod)
                calls.Add(Describe(MetadataTokens.EntityHandle(code.ReadInt32())));
            else if (operation.OperandType == OperandType.InlineSwitch)
            {
                int targets = code.ReadInt32();
                code.Offset += 4 * targets;
            }
            else
                code.Offset += Bytes(operation.OperandType);
        }

        return calls;
    }

    private static int Bytes(OperandType operand) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => 4,
    };

    private Call Describe(EntityHandle method)
    {
        string argument = "";
        if (method.Kind == HandleKind.MethodSpecification)
        {
            MethodSpecification generic = metadata.GetMethodSpecification((MethodSpecificationHandle)method);
            argument = generic.DecodeSignature(new SimpleNames(), null) is [var only, ..] ? only : "";
            method = generic.Method;
        }

        if (method.Kind != HandleKind.MemberReference)
            return default;
        MemberReference member = metadata.GetMemberReference((MemberReferenceHandle)method);
        if (member.Parent.Kind != HandleKind.TypeReference)
            return default;
        string type = metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)member.Parent).Name);
        return new Call(
            type, metadata.GetString(member.Name), argument, [.. member.DecodeMethodSignature(new SimpleNames(), null).ParameterTypes]);
    }

    private string NameOf(TypeDefinitionHandle handle) => metadata.GetString(metadata.GetTypeDefinition(handle).Name);

    /// <param name="Type">Whose method it is.</param>
    /// <param name="Method">Its name.</param>
    /// <param name="Argument">The type it is generic over; empty if it is not.</param>
    /// <param name="Parameters">The types of its parameters.</param>
    private readonly record struct Call(string Type, string Method, string Argument, string[] Parameters)
    {
        public bool HasProvider => Parameters.Contains("IFormatProvider");

        /// <summary>Whether a hole is written otherwise in another culture.</summary>
        public bool Writes => Fractions.Contains(Argument) || (Integers.Contains(Argument) && Parameters.Contains("String"));

        /// <summary>Whether it makes a string of such numbers without a hole.</summary>
        public bool Joins => (Method == "ToString" && Fractions.Contains(Type) && !HasProvider)
            || (Type == "String" && Method is "Join" or "Concat" && Fractions.Contains(Argument));
    }
}
