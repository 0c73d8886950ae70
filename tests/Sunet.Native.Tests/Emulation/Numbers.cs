using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

// Numbers of cuDNN's and cuBLASLt's interfaces, apart from the product's bindings: those hold only what the product calls.
namespace Sunet.Native.Tests.Emulation;

/// <summary><c>cudnnStatus_t</c>.</summary>
internal enum CudnnResult
{
    NotInitialized = 1001,
    BadParameter = 2000,
    NotSupported = 3000,
    NotSupportedGraphPattern = 3001,
}

/// <summary><c>cudnnBackendDescriptorType_t</c>.</summary>
internal enum CudnnDescriptorType
{
    Pointwise = 0,
    Convolution = 1,
    Engine = 2,
    EngineConfig = 3,
    EngineHeuristic = 4,
    ExecutionPlan = 5,
    OperationConvolutionForward = 10,
    OperationConvolutionBackwardFilter = 11,
    OperationConvolutionBackwardData = 12,
    OperationPointwise = 13,
    OperationGraph = 15,
    VariantPack = 16,
    Tensor = 17,
    Reduction = 21,
    OperationReduction = 22,
    Resample = 24,
    OperationResampleForward = 25,
    OperationResampleBackward = 26,
    OperationNormForward = 29,
    OperationNormBackward = 30,
}

/// <summary><c>cudnnBackendAttributeType_t</c>.</summary>
internal enum CudnnAttributeType
{
    Handle = 0,
    DataType = 1,
    Boolean = 2,
    Int64 = 3,
    Float = 4,
    VoidPointer = 6,
    ConvolutionMode = 7,
    HeuristicMode = 8,
    NumericalNote = 11,
    PointwiseMode = 14,
    BackendDescriptor = 15,
    ReductionOperator = 18,
    ResampleMode = 21,
    PaddingMode = 22,
    Int32 = 23,
    Fraction = 26,
    NormMode = 27,
    NormPhase = 28,
}

/// <summary><c>cudnnBackendAttributeName_t</c>.</summary>
internal enum CudnnAttribute
{
    PointwiseMode = 0,
    PointwiseMathPrecision = 1,
    ConvolutionComputeType = 100,
    ConvolutionMode = 101,
    ConvolutionDilations = 102,
    ConvolutionFilterStrides = 103,
    ConvolutionPostPaddings = 104,
    ConvolutionPrePaddings = 105,
    ConvolutionSpatialDimensions = 106,
    EngineHeuristicMode = 200,
    EngineHeuristicOperationGraph = 201,
    EngineHeuristicResults = 202,
    EngineConfigEngine = 300,
    ExecutionPlanHandle = 400,
    ExecutionPlanEngineConfig = 401,
    ExecutionPlanWorkspaceSize = 402,
    ConvolutionForwardAlpha = 700,
    ConvolutionForwardConvolution = 702,
    ConvolutionForwardX = 704,
    ConvolutionBackwardDataAlpha = 706,
    ConvolutionBackwardFilterAlpha = 712,
    OperationPointwiseDescriptor = 750,
    OperationPointwiseX = 751,
    OperationPointwiseB = 752,
    OperationPointwiseY = 753,
    OperationPointwiseDx = 756,
    OperationPointwiseDy = 757,
    OperationGraphHandle = 800,
    OperationGraphOperations = 801,
    OperationGraphEngineGlobalCount = 802,
    TensorByteAlignment = 900,
    TensorDataType = 901,
    TensorDimensions = 902,
    TensorStrides = 903,
    TensorUniqueId = 906,
    TensorIsVirtual = 907,
    TensorIsByValue = 908,
    VariantPackUniqueIds = 1000,
    VariantPackDataPointers = 1001,
    VariantPackWorkspace = 1003,
    EngineGlobalIndex = 1301,
    EngineNumericalNote = 1303,
    ReductionOperator = 1600,
    ReductionComputeType = 1601,
    OperationReductionX = 1610,
    OperationReductionY = 1611,
    OperationReductionDescriptor = 1612,
    ResampleMode = 1700,
    ResampleComputeType = 1701,
    ResampleSpatialDimensions = 1702,
    ResamplePostPaddings = 1703,
    ResamplePrePaddings = 1704,
    ResampleStrides = 1705,
    ResampleWindowDimensions = 1706,
    ResamplePaddingMode = 1708,
    OperationResampleForwardX = 1710,
    OperationResampleForwardY = 1711,
    OperationResampleForwardDescriptor = 1716,
    OperationResampleBackwardDx = 1720,
    OperationResampleBackwardDy = 1721,
    OperationResampleBackwardDescriptor = 1725,
    NormForwardMode = 2000,
    NormForwardPhase = 2001,
    NormForwardX = 2002,
    NormForwardMean = 2003,
    NormForwardInverseVariance = 2004,
    NormForwardScale = 2005,
    NormForwardBias = 2006,
    NormForwardEpsilon = 2007,
    NormForwardExponentialAverageFactor = 2008,
    NormForwardInputRunningMean = 2009,
    NormForwardInputRunningVariance = 2010,
    NormForwardOutputRunningMean = 2011,
    NormForwardOutputRunningVariance = 2012,
    NormForwardY = 2013,
    NormBackwardMode = 2100,
    NormBackwardX = 2101,
    NormBackwardMean = 2102,
    NormBackwardInverseVariance = 2103,
    NormBackwardDy = 2104,
    NormBackwardScale = 2105,
    NormBackwardDscale = 2107,
    NormBackwardDbias = 2108,
    NormBackwardDx = 2109,
}

/// <summary><c>cudnnDataType_t</c>.</summary>
internal enum CudnnDataType
{
    Float32 = 0,
    BFloat16 = 9,
}

/// <summary><c>cudnnPointwiseMode_t</c>.</summary>
internal enum CudnnPointwiseMode
{
    Add = 0,
    Multiply = 1,
    ReluForward = 100,
    ReluBackward = 200,
}

/// <summary><c>cudnnFraction_t</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct CudnnFraction(long Numerator, long Denominator);

/// <summary><c>cublasStatus_t</c>.</summary>
internal enum CublasResult
{
    Success = 0,
    NotInitialized = 1,
    AllocationFailed = 3,
    InvalidValue = 7,
    ExecutionFailed = 13,
    NotSupported = 15,
}

/// <summary><c>cudaDataType</c>.</summary>
internal enum CudaDataType
{
    Float32 = 0,
    BFloat16 = 14,
}

/// <summary><c>cublasComputeType_t</c>.</summary>
internal enum CublasComputeType
{
    Float32 = 68,
    Float32FastTf32 = 77,
}

/// <summary><c>cublasLtMatmulDescAttributes_t</c>.</summary>
internal enum CublasLtMatmulAttribute
{
    TransposeA = 3,
    TransposeB = 4,
    Epilogue = 7,
    BiasPointer = 8,
}

/// <summary><c>cublasLtEpilogue_t</c>.</summary>
internal enum CublasLtEpilogue
{
    Default = 1,
}

/// <summary><c>cublasLtMatrixLayoutAttribute_t</c>.</summary>
internal enum CublasLtLayoutAttribute
{
}

/// <summary><c>cublasLtMatmulPreferenceAttributes_t</c>.</summary>
internal enum CublasLtPreferenceAttribute
{
    MaxWorkspaceBytes = 1,
    ReductionSchemeMask = 3,
}

/// <summary><c>cublasLtMatmulAlgo_t</c>.</summary>
[InlineArray(8)]
internal struct CublasLtAlgorithm
{
    private ulong first;
}

/// <summary><c>cublasLtMatmulHeuristicResult_t</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CublasLtHeuristicResult
{
    public CublasLtAlgorithm Algorithm;
    public nuint WorkspaceBytes;
    public CublasResult State;
    public float WavesCount;
    public int Reserved0, Reserved1, Reserved2, Reserved3;
}
