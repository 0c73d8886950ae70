using System.Runtime.InteropServices;

namespace Sunet.Native.Tests.Emulation;

/// <summary>The values of <c>cudnnStatus_t</c> that we tell apart; thousands are the category.</summary>
internal enum CudnnResult
{
    Success = 0,
    NotInitialized = 1001,
    SublibraryVersionMismatch = 1002,
    SublibraryLoadingFailed = 1008,
    BadParameter = 2000,
    NotSupported = 3000,
    NotSupportedGraphPattern = 3001,
    InternalError = 4000,
    HostAllocationFailed = 4003,
    DeviceAllocationFailed = 4004,
    ExecutionFailed = 5000,
}

/// <summary>The values of <c>cudnnBackendDescriptorType_t</c> that we create.</summary>
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

/// <summary><c>cudnnBackendAttributeType_t</c>: what the elements of an attribute are.</summary>
internal enum CudnnAttributeType
{
    Handle = 0,
    DataType = 1,
    Boolean = 2,
    Int64 = 3,
    Float = 4,
    Double = 5,
    VoidPointer = 6,
    ConvolutionMode = 7,
    HeuristicMode = 8,
    KnobType = 9,
    NumericalNote = 11,
    PointwiseMode = 14,
    BackendDescriptor = 15,
    ReductionOperator = 18,
    BehaviorNote = 19,
    ResampleMode = 21,
    PaddingMode = 22,
    Int32 = 23,
    Char = 24,
    Fraction = 26,
    NormMode = 27,
    NormPhase = 28,
}

/// <summary>The values of <c>cudnnBackendAttributeName_t</c> that we set or ask for.</summary>
internal enum CudnnAttribute
{
    PointwiseMode = 0,
    PointwiseMathPrecision = 1,
    PointwiseReluLowerClip = 3,
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
    ConvolutionForwardBeta = 701,
    ConvolutionForwardConvolution = 702,
    ConvolutionForwardW = 703,
    ConvolutionForwardX = 704,
    ConvolutionForwardY = 705,
    ConvolutionBackwardDataAlpha = 706,
    ConvolutionBackwardDataBeta = 707,
    ConvolutionBackwardDataConvolution = 708,
    ConvolutionBackwardDataW = 709,
    ConvolutionBackwardDataDx = 710,
    ConvolutionBackwardDataDy = 711,
    ConvolutionBackwardFilterAlpha = 712,
    ConvolutionBackwardFilterBeta = 713,
    ConvolutionBackwardFilterConvolution = 714,
    ConvolutionBackwardFilterDw = 715,
    ConvolutionBackwardFilterX = 716,
    ConvolutionBackwardFilterDy = 717,
    OperationPointwiseDescriptor = 750,
    OperationPointwiseX = 751,
    OperationPointwiseB = 752,
    OperationPointwiseY = 753,
    OperationPointwiseAlpha1 = 754,
    OperationPointwiseAlpha2 = 755,
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
    EngineOperationGraph = 1300,
    EngineGlobalIndex = 1301,
    EngineNumericalNote = 1303,
    EngineBehaviorNote = 1305,
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
    NormBackwardEpsilon = 2106,
    NormBackwardDscale = 2107,
    NormBackwardDbias = 2108,
    NormBackwardDx = 2109,
}

/// <summary>The values of <c>cudnnDataType_t</c> that we use.</summary>
internal enum CudnnDataType
{
    Float32 = 0,
    BFloat16 = 9,
}

/// <summary>The value of <c>cudnnConvolutionMode_t</c> that deep learning calls convolution.</summary>
internal enum CudnnConvolutionMode
{
    CrossCorrelation = 1,
}

/// <summary>The values of <c>cudnnPointwiseMode_t</c> that we use.</summary>
internal enum CudnnPointwiseMode
{
    Add = 0,
    Multiply = 1,
    ReluForward = 100,
    ReluBackward = 200,
}

/// <summary>The value of <c>cudnnReduceTensorOp_t</c> that we use.</summary>
internal enum CudnnReductionOperator
{
    Add = 0,
}

/// <summary>The values of <c>cudnnResampleMode_t</c> that we use.</summary>
internal enum CudnnResampleMode
{
    AverageIncludePadding = 2,
}

/// <summary>The value of <c>cudnnPaddingMode_t</c> that we use.</summary>
internal enum CudnnPaddingMode
{
    Zero = 0,
}

/// <summary>The value of <c>cudnnBackendNormMode_t</c> that we use.</summary>
internal enum CudnnNormMode
{
    BatchNorm = 2,
}

/// <summary><c>cudnnBackendNormFwdPhase_t</c>.</summary>
internal enum CudnnNormPhase
{
    Inference = 0,
    Training = 1,
}

/// <summary>The values of <c>cudnnBackendHeurMode_t</c> that we use.</summary>
internal enum CudnnHeuristicMode
{
    Fallback = 2,
    A = 3,
}

/// <summary>The values of <c>cudnnBackendNumericalNote_t</c> that we look at.</summary>
internal enum CudnnNumericalNote
{
    TensorCore = 0,
    DownConvertInputs = 1,
    ReducedPrecisionReduction = 2,
    Fft = 3,
    Nondeterministic = 4,
    Winograd = 5,
    WinogradTile4x4 = 6,
    WinogradTile6x6 = 7,
    WinogradTile13x13 = 8,
    StrictNanPropagation = 9,
}

/// <summary><c>cudnnFraction_t</c>: resampling windows, strides and paddings.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct CudnnFraction(long Numerator, long Denominator);
