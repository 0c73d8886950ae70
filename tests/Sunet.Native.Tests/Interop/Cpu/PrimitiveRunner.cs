using System.Runtime.InteropServices;
using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>
/// Runs one primitive on row-major arrays: packs what goes in, unpacks what comes out, checks that padding channels are zero.
/// </summary>
internal sealed unsafe class PrimitiveRunner(CpuContextHandle context, CpuPrimitiveHandle primitive) : IDisposable
{
    private readonly Dictionary<NativeArgument, CpuMemoryHandle> memories = [];

    /// <summary>Packs an activation, rounded if it is of bf16, by the layout's definition, not by oneDNN's.</summary>
    public void SetActivation(NativeArgument argument, in NativeTensor tensor, float[]? values)
    {
        NativeTensor enclosing = tensor;
        enclosing.Dim1 = tensor.ChannelTotal == 0 ? tensor.Dim1 : tensor.ChannelTotal;
        int length = Packing.Length(enclosing);
        bool isNarrow = tensor.Type == NativeType.BFloat16;
        CpuMemoryHandle memory = Bind(argument, length * (isNarrow ? sizeof(ushort) : sizeof(float)), isOutput: values is null);
        if (values is null)
            return;
        Span<float> packed = isNarrow ? new float[length] : Values(memory);
        Packing.Pack(tensor, values, packed);
        for (int i = 0; isNarrow && i < length; i++)
            Halves(memory)[i] = Bf16.Of(packed[i]);
    }

    /// <summary>Reorders row-major weights or a vector into the primitive's own format.</summary>
    public void SetParameter(NativeArgument argument, in NativeTensor plain, float[]? values)
    {
        using CpuFormatHandle own = primitive.Format(argument);
        CpuMemoryHandle memory = Bind(argument, own.Bytes, isOutput: values is null);
        if (values is not null)
            Reorder(plain, values, own, memory, toOwn: true);
    }

    public float[] Activation(NativeArgument argument, in NativeTensor tensor)
    {
        CpuMemoryHandle memory = memories[argument];
        return Packing.Unpack(tensor, tensor.Type == NativeType.BFloat16
            ? Array.ConvertAll(Halves(memory).ToArray(), Bf16.Value)
            : Values(memory));
    }

    public float[] Parameter(NativeArgument argument, in NativeTensor plain, int count)
    {
        using CpuFormatHandle own = primitive.Format(argument);
        float[] values = new float[count];
        Reorder(plain, values, own, memories[argument], toOwn: false);
        return values;
    }

    public void Execute()
    {
        if (primitive.ScratchBytes > 0 && !memories.ContainsKey(NativeArgument.Scratch))
            Bind(NativeArgument.Scratch, primitive.ScratchBytes, isOutput: true);
        primitive.Execute();
    }

    public void Dispose()
    {
        foreach (CpuMemoryHandle memory in memories.Values)
            memory.Dispose();
    }

    private static Span<float> Values(CpuMemoryHandle memory) => new((void*)memory.Raw, (int)(memory.Bytes / sizeof(float)));

    private static Span<ushort> Halves(CpuMemoryHandle memory) => new((void*)memory.Raw, (int)(memory.Bytes / sizeof(ushort)));

    private CpuMemoryHandle Bind(NativeArgument argument, long bytes, bool isOutput)
    {
        CpuMemoryHandle memory = CpuMemoryHandle.Allocate(bytes);
        memories.Add(argument, memory);
        // Whatever a primitive does not write, or reads before it did, shows as NaN, which all ones are in either type.
        if (isOutput)
            new Span<byte>((void*)memory.Raw, (int)memory.Bytes).Fill(0xff);
        primitive.Bind(argument, memory.Raw);
        return memory;
    }

    private void Reorder(in NativeTensor plain, float[] values, CpuFormatHandle own, CpuMemoryHandle memory, bool toOwn)
    {
        using CpuFormatHandle format = CpuFormatHandle.Create(plain);
        using CpuPrimitiveHandle reorder = toOwn
            ? CpuPrimitiveHandle.Reorder(context, format, own)
            : CpuPrimitiveHandle.Reorder(context, own, format);
        using CpuMemoryHandle row = CpuMemoryHandle.Allocate(format.Bytes);
        using CpuMemoryHandle scratch = CpuMemoryHandle.Allocate(reorder.ScratchBytes);
        if (toOwn)
            values.CopyTo(Values(row));
        reorder.Bind(toOwn ? NativeArgument.Source : NativeArgument.Destination, row.Raw);
        reorder.Bind(toOwn ? NativeArgument.Destination : NativeArgument.Source, memory.Raw);
        if (reorder.ScratchBytes > 0)
            reorder.Bind(NativeArgument.Scratch, scratch.Raw);
        reorder.Execute();
        if (!toOwn)
            Values(row)[..values.Length].CopyTo(values);
    }
}
