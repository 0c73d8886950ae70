using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>
/// D [m, n] = op(A) [m, k] op(B) [k, n], all column-major; a row-major matrix [rows, columns] is the column-major [columns, rows].
/// </summary>
/// <param name="M">Rows of D, which are contiguous in memory.</param>
/// <param name="N">Columns of D.</param>
/// <param name="K">Terms of each sum.</param>
/// <param name="A">The left operand.</param>
/// <param name="B">The right operand, of A's type.</param>
/// <param name="D">The result.</param>
internal readonly record struct MatmulShape(long M, long N, long K, MatmulOperand A, MatmulOperand B, MatmulOperand D)
{
    /// <summary>The operand, m elements of D's type, that is added to every column; -1 for none.</summary>
    public int BiasIndex { get; init; } = -1;

    /// <summary>Whether D is clamped at zero, last of all.</summary>
    public bool FusedRelu { get; init; }

    /// <summary>Whether the product is added onto D.</summary>
    public bool Accumulates { get; init; }

    public CublasLtEpilogue Epilogue => (BiasIndex >= 0, FusedRelu) switch
    {
        (false, false) => CublasLtEpilogue.Default,
        (false, true) => CublasLtEpilogue.Relu,
        (true, false) => CublasLtEpilogue.Bias,
        (true, true) => CublasLtEpilogue.ReluBias,
    };
}
