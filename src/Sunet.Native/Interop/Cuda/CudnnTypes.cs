namespace Sunet.Native.Interop.Cuda;

/// <summary>The values of <c>cudnnStatus_t</c> that we tell apart; thousands are the category.</summary>
internal enum CudnnResult
{
    Success = 0,
    NotSupported = 3000,
    HostAllocationFailed = 4003,
    DeviceAllocationFailed = 4004,
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
}

/// <summary>The values of <c>cudnnBackendAttributeType_t</c> that we use: what the elements of an attribute are.</summary>
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
    NumericalNote = 11,
    PointwiseMode = 14,
    BackendDescriptor = 15,
}

/// <summary>The values of <c>cudnnBackendAttributeName_t</c> that we set or ask for.</summary>
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
    OperationPointwiseDx = 756,
    OperationPointwiseDy = 757,
    OperationGraphHandle = 800,
    OperationGraphOperations = 801,
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
    ReluForward = 100,
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
