using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Memory;
using Sunet.Native.Backends.Cuda.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cuda;
using Sunet.Native.Tensors;

namespace Sunet.Native.Backends.Cuda.Steps;

/// <summary>
/// Moves values between host and device. Inputs have pinned and device buffers of their own and travel on a stream of their own, so that
/// the next step's inputs are on their way while the present one runs; everything else goes through one pinned buffer, and waits.
/// </summary>
internal sealed class CudaTransfers : IValueTransfers, IDisposable
{
    private const long SmallestBuffer = 1 << 16;
    private readonly CudaRun run;
    private readonly CudaStepGuard guard;
    private readonly CudaStream copies;
    private readonly Dictionary<Value, InputPath> inputs = [];
    private readonly Dictionary<Value, OutputPath> outputs = [];
    private PinnedBuffer? pinned;

    /// <param name="run">What the calls of the graph share.</param>
    /// <param name="guard">Has the flag that finite checks set.</param>
    /// <exception cref="BackendException">The driver failed.</exception>
    public CudaTransfers(CudaRun run, CudaStepGuard guard)
    {
        this.run = run;
        this.guard = guard;
        copies = CudaStream.Create(run.Device);
    }

    /// <summary>Device bytes that the inputs' buffers take.</summary>
    public static long BytesFor(IEnumerable<Value> inputs) => inputs.Sum(i => DevicePool.SizeClass(i.Shape.Count * i.Type.Bytes()));

    /// <summary>Brings row-major elements into a value's place.</summary>
    public void Upload(Value value, nint address, ReadOnlySpan<byte> elements)
    {
        using DeviceScope current = run.Use();
        if (value.Kind == ValueKind.Input)
        {
            PathOf(value, address).Send(elements, copies);
            return;
        }

        if (!NeedsConversion(value))
        {
            UploadBytes(elements, address);
            return;
        }

        DeviceBlock plain = run.Pool.Allocate(elements.Length, run.Stream);
        try
        {
            UploadBytes(elements, plain.Address);
            FromRowMajor(value, plain.Address, address).Run(run.Stream.Raw, value.Name);
        }
        finally
        {
            run.Pool.Free(plain, run.Stream);
        }
    }

    /// <summary>The pinned memory of an input, once the copy before has left it.</summary>
    public Span<byte> Staging(Value value, nint address)
    {
        if (value.Kind != ValueKind.Input || value.Shape.Count * value.Type.Bytes() > int.MaxValue)
            return [];
        using DeviceScope current = run.Use();
        return PathOf(value, address).Staging();
    }

    /// <summary>The elements in pinned memory, if they need no conversion.</summary>
    public ReadOnlySpan<byte> Fetch(Value value, nint address)
    {
        long bytes = value.Shape.Count * value.Type.Bytes();
        if (NeedsConversion(value) || bytes > int.MaxValue)
            return [];
        using DeviceScope current = run.Use();
        PinnedBuffer buffer = Pinned(bytes);
        run.Stream.CopyToHost(buffer.Address, address, bytes);
        run.Stream.Synchronize();
        return buffer.Span[..(int)bytes];
    }

    /// <summary>Brings row-major elements that lie on the device into a value's place.</summary>
    public void UploadFrom(Value value, nint address, nint elements)
    {
        using DeviceScope current = run.Use();
        if (NeedsConversion(value))
        {
            FromRowMajor(value, elements, address).Run(run.Stream.Raw, value.Name);
        }
        else
        {
            CopyOnDevice(value, elements, address);
        }
    }

    /// <summary>Brings a value out as row-major elements on the device.</summary>
    public void DownloadTo(Value value, nint address, nint elements)
    {
        using DeviceScope current = run.Use();
        if (NeedsConversion(value))
        {
            ToRowMajor(value, address, elements).Run(run.Stream.Raw, value.Name);
        }
        else
        {
            CopyOnDevice(value, address, elements);
        }
    }

    /// <inheritdoc/>
    public void Clear(long bytes, nint address)
    {
        using DeviceScope current = run.Use();
        run.Stream.Clear(address, bytes);
    }

    /// <inheritdoc/>
    public bool AllFinite(Value value, nint address)
    {
        using DeviceScope current = run.Use();
        bool bf16 = run.Layouts.IsBf16(value);
        long count = value.Shape.Count;
        if (value.Shape.Rank != 4 || run.Layouts.PixelStride(value) == value.Shape.Channels)
            return guard.IsFinite(UpdateLaunches.FiniteCheck(run.Kernels, bf16, count, address, guard.Flag));

        // A value within another has neighbours in its memory that are none of its business.
        DeviceBlock plain = run.Pool.Allocate(count * sizeof(float), run.Stream);
        try
        {
            ToRowMajor(value, address, plain.Address).Run(run.Stream.Raw, value.Name);
            return guard.IsFinite(UpdateLaunches.FiniteCheck(run.Kernels, bf16: false, count, plain.Address, guard.Flag));
        }
        finally
        {
            run.Pool.Free(plain, run.Stream);
        }
    }

    /// <summary>Copies bytes to the device and waits, so that the pinned buffer is free again. The device is current meanwhile.</summary>
    public void UploadBytes(ReadOnlySpan<byte> bytes, nint address)
    {
        PinnedBuffer buffer = Pinned(bytes.Length);
        bytes.CopyTo(buffer.Span);
        run.Stream.CopyToDevice(address, buffer.Address, bytes.Length);
        run.Stream.Synchronize();
    }

    /// <summary>Brings a value out as row-major elements, once it is computed.</summary>
    public void Download(Value value, nint address, Span<byte> elements)
    {
        using DeviceScope current = run.Use();
        PinnedBuffer buffer = Pinned(elements.Length);
        if (!NeedsConversion(value))
        {
            run.Stream.CopyToHost(buffer.Address, address, elements.Length);
        }
        else if (value.Kind == ValueKind.Computed && value.GradientOf is null)
        {
            if (!outputs.TryGetValue(value, out OutputPath? path))
                outputs.Add(value, path = new OutputPath(run, value, address));
            path.Convert.Run(run.Stream.Raw, value.Name);
            run.Stream.CopyToHost(buffer.Address, path.Block.Address, elements.Length);
        }
        else
        {
            // A parameter, its gradient or its velocity: read now and then, from more than one place.
            using var path = new OutputPath(run, value, address);
            path.Convert.Run(run.Stream.Raw, value.Name);
            run.Stream.CopyToHost(buffer.Address, path.Block.Address, elements.Length);
        }

        run.Stream.Synchronize();
        buffer.Span[..elements.Length].CopyTo(elements);
    }

    public void Dispose()
    {
        _ = CudaDriver.StreamSynchronize(copies.Raw);
        foreach (InputPath input in inputs.Values)
            input.Dispose();
        foreach (OutputPath output in outputs.Values)
            output.Dispose();
        pinned?.Dispose();
        copies.Dispose();
    }

    /// <summary>Bytes and integers lie row-major, whatever their rank.</summary>
    private bool NeedsConversion(Value value) => value.Shape.Rank == 4 && value.Type == DataType.Float32
        && (run.Layouts.IsBf16(value) || run.Layouts.PixelStride(value) != value.Shape.Channels
            || (value.Shape.Channels > 1 && value.Shape.Height * value.Shape.Width > 1));

    private InputPath PathOf(Value value, nint address)
    {
        if (!inputs.TryGetValue(value, out InputPath? path))
            inputs.Add(value, path = new InputPath(run, value, address));
        return path;
    }

    private KernelLaunch FromRowMajor(Value value, nint elements, nint address) => LayoutLaunches.ToNhwc(
        run.Kernels, value.Shape, elements, address, run.Layouts.PixelStride(value), run.Layouts.IsBf16(value));

    private KernelLaunch ToRowMajor(Value value, nint address, nint elements) => LayoutLaunches.ToNchw(
        run.Kernels, value.Shape, address, run.Layouts.PixelStride(value), run.Layouts.IsBf16(value), elements);

    private void CopyOnDevice(Value value, nint from, nint to) =>
        run.Stream.CopyOnDevice(to, from, value.Shape.Count * value.Type.Bytes(), value.Name);

    private PinnedBuffer Pinned(long bytes)
    {
        if (pinned is null || pinned.Bytes < bytes)
        {
            pinned?.Dispose();
            pinned = null;
            pinned = PinnedBuffer.Create(run.Device, Math.Max(SmallestBuffer, bytes));
        }

        return pinned;
    }

    /// <summary>The way of one input: pinned memory, device memory, its place in the plan.</summary>
    private sealed class InputPath : IDisposable
    {
        private readonly CudaRun run;
        private readonly nint place;
        private readonly DeviceBlock block;
        private readonly KernelLaunch? convert;
        private readonly PinnedBuffer? host;
        private readonly CudaEvent? copied, consumed;
        private readonly string name;
        private readonly long bytes;

        public InputPath(CudaRun run, Value value, nint address)
        {
            this.run = run;
            name = value.Name;
            place = address;
            bytes = value.Shape.Count * value.Type.Bytes();
            block = run.Pool.Allocate(bytes, run.Stream);
            try
            {
                if (value.Shape.Rank == 4 && value.Type == DataType.Float32)
                {
                    convert = LayoutLaunches.ToNhwc(
                        run.Kernels, value.Shape, block.Address, address, run.Layouts.PixelStride(value), run.Layouts.IsBf16(value));
                }

                host = PinnedBuffer.Create(run.Device, bytes);
                copied = CudaEvent.Create(run.Device);
                consumed = CudaEvent.Create(run.Device);
                consumed.Record(run.Stream);
                copied.Record(run.Stream);
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        /// <summary>The pinned buffer, which is ours again when the copy before has left it.</summary>
        public Span<byte> Staging()
        {
            copied!.Synchronize();
            return host!.Span[..(int)bytes];
        }

        public void Send(ReadOnlySpan<byte> elements, CudaStream copies)
        {
            // The device buffer is ours again when the plan has taken it over. What was put together in the pinned buffer stays there.
            Span<byte> staging = Staging();
            if (!Unsafe.AreSame(ref MemoryMarshal.GetReference(elements), ref MemoryMarshal.GetReference(staging)))
                elements.CopyTo(staging);
            consumed!.MakeWait(copies);
            copies.CopyToDevice(block.Address, host!.Address, elements.Length, name);
            copied!.Record(copies);
            copied.MakeWait(run.Stream);
            if (convert is not null)
            {
                convert.Run(run.Stream.Raw, name);
            }
            else
            {
                run.Stream.CopyOnDevice(place, block.Address, elements.Length, name);
            }

            consumed!.Record(run.Stream);
        }

        public void Dispose()
        {
            copied?.Dispose();
            consumed?.Dispose();
            host?.Dispose();
            run.Pool.Free(block, run.Stream);
        }
    }

    /// <summary>Where a value is brought into row-major order before it is copied out.</summary>
    private sealed class OutputPath : IDisposable
    {
        private readonly CudaRun run;

        public OutputPath(CudaRun run, Value value, nint address)
        {
            this.run = run;
            Block = run.Pool.Allocate(value.Shape.Count * sizeof(float), run.Stream);
            try
            {
                Convert = LayoutLaunches.ToNchw(
                    run.Kernels, value.Shape, address, run.Layouts.PixelStride(value), run.Layouts.IsBf16(value), Block.Address);
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public DeviceBlock Block { get; }

        public KernelLaunch Convert { get; }

        public void Dispose() => run.Pool.Free(Block, run.Stream);
    }
}
