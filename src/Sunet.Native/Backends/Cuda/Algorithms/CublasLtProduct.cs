using Sunet.Native.Backends.Cuda.Libraries;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>The operation and the three layouts of one matrix product. The result's old and new content share a layout.</summary>
internal sealed class CublasLtProduct : IDisposable
{
    public CublasLtProduct(in MatmulShape shape, bool allowTf32, string layer)
    {
        try
        {
            bool tf32 = allowTf32 && !shape.A.IsBf16;
            Operation = CublasLtDescriptor.CreateOperation(tf32 ? CublasComputeType.Float32FastTf32 : CublasComputeType.Float32, layer);
            Operation.Set(CublasLtMatmulAttribute.TransposeA, Transposition(shape.A));
            Operation.Set(CublasLtMatmulAttribute.TransposeB, Transposition(shape.B));
            Operation.Set(CublasLtMatmulAttribute.Epilogue, shape.Epilogue);
            A = Layout(shape.A, shape.M, shape.K, layer);
            B = Layout(shape.B, shape.K, shape.N, layer);
            D = Layout(shape.D, shape.M, shape.N, layer);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public CublasLtDescriptor Operation { get; }

    public CublasLtDescriptor A { get; }

    public CublasLtDescriptor B { get; }

    public CublasLtDescriptor D { get; }

    public void Dispose()
    {
        D?.Dispose();
        B?.Dispose();
        A?.Dispose();
        Operation?.Dispose();
    }

    private static CublasOperation Transposition(in MatmulOperand operand) =>
        operand.Transposed ? CublasOperation.Transpose : CublasOperation.None;

    private static CublasLtDescriptor Layout(in MatmulOperand operand, long rows, long columns, string layer) => operand.Transposed
        ? CublasLtDescriptor.CreateLayout(operand.Type, columns, rows, operand.LeadingDimension, layer)
        : CublasLtDescriptor.CreateLayout(operand.Type, rows, columns, operand.LeadingDimension, layer);
}
