using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace Sunet.Architecture.Tests.Reading;

/// <summary>Reads the metadata tokens out of a method's IL.</summary>
internal static class IlTokens
{
    private const byte TwoByteOpcode = 0xFE;

    private static readonly Dictionary<short, OperandType> Operands = typeof(OpCodes).GetFields()
        .Select(f => (OpCode)f.GetValue(null)!).ToDictionary(o => o.Value, o => o.OperandType);

    /// <summary>Every token with the offset of its instruction; tokens of strings are left out.</summary>
    public static IEnumerable<(int Offset, EntityHandle Token)> Read(BlobReader il)
    {
        List<(int, EntityHandle)> tokens = [];
        while (il.RemainingBytes > 0)
        {
            int offset = il.Offset;
            byte first = il.ReadByte();
            short code = first == TwoByteOpcode ? unchecked((short)((first << 8) | il.ReadByte())) : first;
            OperandType operand = Operands[code];
            switch (operand)
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineType:
                case OperandType.InlineSig or OperandType.InlineTok:
                    tokens.Add((offset, MetadataTokens.EntityHandle(il.ReadInt32())));
                    break;
                case OperandType.InlineSwitch:
                    int targets = il.ReadInt32();
                    il.Offset += targets * sizeof(int);
                    break;
                default:
                    il.Offset += Size(operand);
                    break;
            }
        }
        return tokens;
    }

    private static int Size(OperandType operand) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => sizeof(byte),
        OperandType.InlineVar => sizeof(short),
        OperandType.InlineBrTarget or OperandType.InlineI or OperandType.InlineString or OperandType.ShortInlineR => sizeof(int),
        OperandType.InlineI8 or OperandType.InlineR => sizeof(long),
        _ => throw new InvalidDataException($"An instruction has an operand of the unknown kind {operand}."),
    };
}
