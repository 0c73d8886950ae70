using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Kernels;

/// <summary>A context and the layouts, slices and sizes every kernel is tried with.</summary>
public abstract class KernelTest : IDisposable
{
    private readonly CpuContextHandle _context = CpuContextHandle.Create(2);

    private protected static NativeLayout[] Layouts { get; } =
        [NativeLayout.Plain, NativeLayout.Blocked8, NativeLayout.Blocked16, NativeLayout.Nhwc];

    private protected nint Context => _context.Raw;

    public static TheoryData<int, int, int> Cases
    {
        get
        {
            TheoryData<int, int, int> cases = [];
            for (int x = 0; x < 4; x++)
            {
                for (int y = 0; y < 4; y++)
                {
                    for (int slice = 0; slice < 4; slice++)
                    {
                        cases.Add(x, y, slice);
                    }
                }
            }

            return cases;
        }
    }

    public void Dispose()
    {
        _context.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// Whole, a slice at a block's start, one that ends the enclosing tensor, and one that begins and ends inside blocks.
    /// </summary>
    private protected static KernelTensor Tensor(int n, int c, int h, int w, int layout, int slice)
    {
        (int before, int after) = slice switch { 0 => (0, 0), 1 => (16, 3), 2 => (16, 0), _ => (5, 30) };
        return new KernelTensor(n, c, h, w, Layouts[layout], before, after);
    }

    private protected static void Succeeds(int status) => Assert.Equal(0, status);
}
