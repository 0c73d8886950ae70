using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Memory;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cuda;
using Sunet.Native.Tensors;

namespace Sunet.Native.Backends.Cuda.Steps;

/// <summary>
/// Moves values between host and device. Inputs have pinned and device buffers of their own and travel on a stream of their own, so that
/// the next step's inputs are on their way while the present one runs; everything else goes through one pinned buffer, and waits.
/// </summary>
internal sealed unsafe class CudaTransfers : IDisposable
{
    private const long SmallestBuffer = 1 << 16;
    private readonly CudaSession session;
    private readonly CudaStream copies;
    private readonly Dictionary<Value, InputPath> inputs = [];
    private readonly Dictionary<Value, OutputPath> outputs = [];
    private PinnedBuffer? pinned;

    public CudaTransfers(CudaSession session)
    {
        this.session = session;
        copies = CudaStream.Create(session.Device);
    }

    /// <summary>Device bytes that the inputs' buffers take.</summary>
    public static long BytesFor(IEnumerable<Value> inputs) => inputs.Sum(i => DevicePool.SizeClass(i.Shape.Count * i.Type.Bytes()));

    /// <summary>Brings row-major elements into a value's place.</summary>
    public void Upload(Value value, nint address, ReadOnlySpan<byte> elements)
    {
        if (value.Kind == ValueKind.Input)
        {
            if (!inputs.TryGetValue(value, out InputPath? path))
                inputs.Add(value, path = new InputPath(session, value, address));
            path.Send(elements, copies);
            return;
        }

        if (!NeedsConversion(value))
        {
            UploadBytes(elements, address);
            return;
        }

        DeviceBlock plain = session.Device.Pool.Allocate(elements.Length, session.Stream);
        try
        {
            UploadBytes(elements, plain.Address);
            CudaTransfer.ToNhwc(session, value.Shape, plain.Address, address, session.PixelStride(value), session.IsBf16(value))
                .Run(session.Stream.Raw, value.Name);
        }
        finally
        {
            session.Device.Pool.Free(plain, session.Stream);
        }
    }

    /// <summary>Brings row-major elements that lie on the device into a value's place.</summary>
    public void UploadFrom(Value value, nint address, nint elements)
    {
        if (NeedsConversion(value))
        {
            CudaTransfer.ToNhwc(session, value.Shape, elements, address, session.PixelStride(value), session.IsBf16(value))
                .Run(session.Stream.Raw, value.Name);
        }
        else
        {
            CopyOnDevice(value, elements, address);
        }
    }

    /// <summary>Brings a value out as row-major elements on the device.</summary>
    public void DownloadTo(Value value, nint address, nint elements)
    {
        if (NeedsConversion(value))
        {
            CudaTransfer.ToNchw(session, value.Shape, address, session.PixelStride(value), session.IsBf16(value), elements)
                .Run(session.Stream.Raw, value.Name);
        }
        else
        {
            CopyOnDevice(value, address, elements);
        }
    }

    /// <summary>Copies bytes to the device and waits, so that the pinned buffer is free again.</summary>
    public void UploadBytes(ReadOnlySpan<byte> bytes, nint address)
    {
        PinnedBuffer buffer = Pinned(bytes.Length);
        bytes.CopyTo(buffer.Span);
        CudaStatus.ThrowIfFailed(
            CudaDriver.CopyToDeviceAsync(address, buffer.Address, (nuint)bytes.Length, session.Stream.Raw), "cuMemcpyHtoDAsync_v2");
        session.Stream.Synchronize();
    }

    /// <summary>Brings a value out as row-major elements, once it is computed.</summary>
    public void Download(Value value, nint address, Span<byte> elements)
    {
        PinnedBuffer buffer = Pinned(elements.Length);
        if (!NeedsConversion(value))
        {
            session.CopyToHost(buffer.Address, address, elements.Length);
        }
        else if (value.Kind == ValueKind.Computed && value.GradientOf is null)
        {
            if (!outputs.TryGetValue(value, out OutputPath? path))
                outputs.Add(value, path = new OutputPath(session, value, address));
            path.Convert.Run(session.Stream.Raw, value.Name);
            session.CopyToHost(buffer.Address, path.Block.Address, elements.Length);
        }
        else
        {
            // A parameter, its gradient or its velocity: read now and then, from more than one place.
            using var path = new OutputPath(session, value, address);
            path.Convert.Run(session.Stream.Raw, value.Name);
            session.CopyToHost(buffer.Address, path.Block.Address, elements.Length);
        }

        session.Stream.Synchronize();
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
        && (session.IsBf16(value) || session.PixelStride(value) != value.Shape.Channels
            || (value.Shape.Channels > 1 && value.Shape.Height * value.Shape.Width > 1));

    private void CopyOnDevice(Value value, nint from, nint to) => CudaStatus.ThrowIfFailed(
        CudaDriver.CopyOnDeviceAsync(to, from, (nuint)(value.Shape.Count * value.Type.Bytes()), session.Stream.Raw), "cuMemcpyDtoDAsync_v2", value.Name);

    private PinnedBuffer Pinned(long bytes)
    {
        if (pinned is null || pinned.Bytes < bytes)
        {
            pinned?.Dispose();
            pinned = null;
            pinned = PinnedBuffer.Create(session.Device, Math.Max(SmallestBuffer, bytes));
        }

        return pinned;
    }

    /// <summary>The way of one input: pinned memory, device memory, its place in the plan.</summary>
    private sealed class InputPath : IDisposable
    {
        private readonly CudaSession session;
        private readonly nint place;
        private readonly DeviceBlock block;
        private readonly KernelLaunch? convert;
        private readonly PinnedBuffer? host;
        private readonly CudaEvent? copied, consumed;
        private readonly string name;

        public InputPath(CudaSession session, Value value, nint address)
        {
            this.session = session;
            name = value.Name;
            place = address;
            long bytes = value.Shape.Count * value.Type.Bytes();
            block = session.Device.Pool.Allocate(bytes, session.Stream);
            try
            {
                if (value.Shape.Rank == 4 && value.Type == DataType.Float32)
                {
                    convert = CudaTransfer.ToNhwc(
                        session, value.Shape, block.Address, address, session.PixelStride(value), session.IsBf16(value));
                }

                host = PinnedBuffer.Create(session.Device, bytes);
                copied = CudaEvent.Create(session.Device);
                consumed = CudaEvent.Create(session.Device);
                consumed.Record(session.Stream);
                copied.Record(session.Stream);
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public void Send(ReadOnlySpan<byte> elements, CudaStream copies)
        {
            // The pinned buffer is ours again when the copy before has left it; the device buffer when the plan has taken it over.
            copied!.Synchronize();
            elements.CopyTo(host!.Span);
            copies.Wait(consumed!);
            CudaStatus.ThrowIfFailed(
                CudaDriver.CopyToDeviceAsync(block.Address, host.Address, (nuint)elements.Length, copies.Raw), "cuMemcpyHtoDAsync_v2", name);
            copied.Record(copies);
            session.Stream.Wait(copied);
            if (convert is not null)
            {
                convert.Run(session.Stream.Raw, name);
            }
            else
            {
                CudaStatus.ThrowIfFailed(
                    CudaDriver.CopyOnDeviceAsync(place, block.Address, (nuint)elements.Length, session.Stream.Raw), "cuMemcpyDtoDAsync_v2", name);
            }

            consumed!.Record(session.Stream);
        }

        public void Dispose()
        {
            copied?.Dispose();
            consumed?.Dispose();
            host?.Dispose();
            session.Device.Pool.Free(block, session.Stream);
        }
    }

    /// <summary>Where a value is brought into row-major order before it is copied out.</summary>
    private sealed class OutputPath : IDisposable
    {
        private readonly CudaSession session;

        public OutputPath(CudaSession session, Value value, nint address)
        {
            this.session = session;
            Block = session.Device.Pool.Allocate(value.Shape.Count * sizeof(float), session.Stream);
            try
            {
                Convert = CudaTransfer.ToNchw(
                    session, value.Shape, address, session.PixelStride(value), session.IsBf16(value), Block.Address);
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public DeviceBlock Block { get; }

        public KernelLaunch Convert { get; }

        public void Dispose() => session.Device.Pool.Free(Block, session.Stream);
    }
}
