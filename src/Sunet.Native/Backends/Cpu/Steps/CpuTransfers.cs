using System.Runtime.InteropServices;
using Sunet.Native.Backends.Cpu.Layout;
using Sunet.Native.Backends.Cpu.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Tensors;

namespace Sunet.Native.Backends.Cpu.Steps;

/// <summary>
/// Moves values between the formats of a session and row-major memory outside; used by one thread at a time, as the session is.
/// </summary>
internal sealed unsafe class CpuTransfers : IValueTransfers
{
    /// <summary>From here on a mere copy is worth waking the other threads for.</summary>
    private const long ThreadedBytes = 1 << 20;

    private readonly CpuRun run;
    private readonly Action reorder, copy;
    private Value value = null!;
    private nint outside, inside;
    private bool upload;

    public CpuTransfers(CpuRun run)
    {
        this.run = run;
        (reorder, copy) = (Reorder, Copy);
    }

    /// <inheritdoc/>
    public void Upload(Value value, nint address, ReadOnlySpan<byte> elements)
    {
        fixed (byte* outsideAt = elements)
            Move(value, (nint)outsideAt, address, into: true);
    }

    /// <inheritdoc/>
    public void Download(Value value, nint address, Span<byte> elements)
    {
        fixed (byte* outsideAt = elements)
            Move(value, (nint)outsideAt, address, into: false);
    }

    /// <summary>The value's place itself, if its elements lie there row-major whatever the layout of the others.</summary>
    public Span<byte> Staging(Value value, nint address) => value.Type == DataType.Float32 || run.Layouts.BytesOf(value) > int.MaxValue
        ? []
        : new Span<byte>((void*)address, (int)run.Layouts.BytesOf(value));

    /// <inheritdoc cref="Staging"/>
    public ReadOnlySpan<byte> Fetch(Value value, nint address) => Staging(value, address);

    /// <inheritdoc/>
    public void UploadFrom(Value value, nint address, nint elements) => Move(value, elements, address, into: true);

    /// <inheritdoc/>
    public void DownloadTo(Value value, nint address, nint elements) => Move(value, elements, address, into: false);

    /// <inheritdoc/>
    public void Clear(long bytes, nint address) => NativeMemory.Clear((void*)address, checked((nuint)bytes));

    /// <inheritdoc/>
    public bool AllFinite(Value value, nint address)
    {
        bool finite = false;
        run.Perform(() => finite = run.AllFinite(
            run.Layouts.BytesOf(value) / run.Layouts.ElementBytes(value), run.Layouts.TypeOf(value), address));
        return finite;
    }

    /// <summary>Moves elements from or to the value's format.</summary>
    /// <param name="moved">The value.</param>
    /// <param name="outsideAt">Where the row-major elements lie.</param>
    /// <param name="insideAt">Where the value lies.</param>
    /// <param name="into">Whether the value is written, rather than read.</param>
    private void Move(Value moved, nint outsideAt, nint insideAt, bool into)
    {
        if (moved.Type != DataType.Float32)
        {
            CopyBytes(run.Layouts.BytesOf(moved), outsideAt, insideAt, into);
            return;
        }

        (value, outside, inside, upload) = (moved, outsideAt, insideAt, into);
        if (run.Layouts.SettledFormat(moved) is not null)
        {
            run.Perform(reorder);
            return;
        }

        NativeTensor own = run.Layouts.TensorOf(moved);
        long bytes = moved.Shape.Count * sizeof(float);
        if (own.Layout == NativeLayout.Plain && own.Type == NativeType.Float32 && bytes < ThreadedBytes)
            CopyBytes(bytes, outsideAt, insideAt, into);
        else
            run.Perform(copy);
    }

    private static void CopyBytes(long bytes, nint outside, nint inside, bool upload)
    {
        // What was put together in the value's own place is there already.
        if (outside != inside)
            Buffer.MemoryCopy((void*)(upload ? outside : inside), (void*)(upload ? inside : outside), bytes, bytes);
    }

    private void Reorder()
    {
        using CpuFormatHandle row = CpuFormatHandle.Create(CpuFormats.OutsideOf(value));
        CpuFormatHandle format = run.Layouts.SettledFormat(value)!;
        using CpuPrimitiveHandle primitive = upload
            ? CpuPrimitiveHandle.Reorder(run.Context, row, format, value.Name)
            : CpuPrimitiveHandle.Reorder(run.Context, format, row, value.Name);
        using CpuMemoryHandle scratch = CpuMemoryHandle.Allocate(Math.Max(64, primitive.ScratchBytes));
        primitive.Bind(NativeArgument.Source, upload ? outside : inside);
        primitive.Bind(NativeArgument.Destination, upload ? inside : outside);
        if (primitive.ScratchBytes > 0)
            primitive.Bind(NativeArgument.Scratch, scratch.Raw);
        primitive.Execute(value.Name);
    }

    private void Copy()
    {
        NativeTensor plain = CpuFormats.OutsideOf(value), own = run.Layouts.TensorOf(value);
        int status = upload
            ? SunetCpu.Copy(run.Context.Raw, plain, (void*)outside, own, (void*)inside)
            : SunetCpu.Copy(run.Context.Raw, own, (void*)inside, plain, (void*)outside);
        NativeStatus.ThrowIfFailed(status, "copy", CpuLibrary.File, value.Name);
    }
}
