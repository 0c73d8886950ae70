using Sunet.Native.Backends.Cpu.Layout;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Tensors;

namespace Sunet.Native.Backends.Cpu.Steps;

/// <summary>Moves values between the formats of a session and row-major memory outside; used by one thread at a time, as the session is.</summary>
internal sealed unsafe class CpuTransfer
{
    /// <summary>From here on a mere copy is worth waking the other threads for.</summary>
    private const long ThreadedBytes = 1 << 20;

    private readonly CpuSession session;
    private readonly Action reorder, copy;
    private Value value = null!;
    private nint outside, inside;
    private bool upload;

    public CpuTransfer(CpuSession session)
    {
        this.session = session;
        (reorder, copy) = (Reorder, Copy);
    }

    /// <summary>Moves elements of the value's own type.</summary>
    /// <param name="moved">The value.</param>
    /// <param name="outsideAt">Where the row-major elements lie.</param>
    /// <param name="insideAt">Where the value lies.</param>
    /// <param name="into">Whether the value is written, rather than read.</param>
    public void Move(Value moved, nint outsideAt, nint insideAt, bool into)
    {
        if (moved.Type == DataType.Float32)
            Convert(moved, outsideAt, insideAt, into);
        else
            CopyBytes(session.BytesOf(moved), outsideAt, insideAt, into);
    }

    /// <summary>Moves float32 elements from or to the value's format.</summary>
    public void Convert(Value moved, nint outsideAt, nint insideAt, bool into)
    {
        (value, outside, inside, upload) = (moved, outsideAt, insideAt, into);
        if (session.SettledFormat(moved) is not null)
        {
            session.Dispatch(reorder);
            return;
        }

        NativeTensor own = session.TensorOf(moved);
        long bytes = moved.Shape.Count * sizeof(float);
        if (own.Layout == NativeLayout.Plain && own.Type == NativeType.Float32 && bytes < ThreadedBytes)
            CopyBytes(bytes, outsideAt, insideAt, into);
        else
            session.Dispatch(copy);
    }

    private static void CopyBytes(long bytes, nint outside, nint inside, bool upload) =>
        Buffer.MemoryCopy((void*)(upload ? outside : inside), (void*)(upload ? inside : outside), bytes, bytes);

    private void Reorder()
    {
        using CpuFormatHandle row = CpuFormatHandle.Create(CpuFormats.OutsideOf(value));
        CpuFormatHandle format = session.SettledFormat(value)!;
        using CpuPrimitiveHandle primitive = upload
            ? CpuPrimitiveHandle.Reorder(session.Context, row, format, value.Name)
            : CpuPrimitiveHandle.Reorder(session.Context, format, row, value.Name);
        using CpuMemoryHandle scratch = CpuMemoryHandle.Allocate(Math.Max(64, primitive.ScratchBytes));
        primitive.Bind(NativeArgument.Source, upload ? outside : inside);
        primitive.Bind(NativeArgument.Destination, upload ? inside : outside);
        if (primitive.ScratchBytes > 0)
            primitive.Bind(NativeArgument.Scratch, scratch.Raw);
        primitive.Execute(value.Name);
    }

    private void Copy()
    {
        NativeTensor plain = CpuFormats.OutsideOf(value), own = session.TensorOf(value);
        int status = upload
            ? SunetCpu.Copy(session.Context.Raw, plain, (void*)outside, own, (void*)inside)
            : SunetCpu.Copy(session.Context.Raw, own, (void*)inside, plain, (void*)outside);
        CpuSession.Check(status, "copy", value.Name);
    }
}
