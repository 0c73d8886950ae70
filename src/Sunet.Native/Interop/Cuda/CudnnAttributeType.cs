namespace Sunet.Native.Interop.Cuda;

/// <summary>The values of <c>cudnnBackendAttributeType_t</c> that we use: what the elements of an attribute are.</summary>
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
    BehaviorNote = 19,
}
