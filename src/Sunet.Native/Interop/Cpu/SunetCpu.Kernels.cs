using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cpu;

/// <summary>
/// The kernels of <c>libsunet_cpu</c>. Each returns a status for <see cref="NativeStatus"/>. What a tensor describes is a void pointer.
/// </summary>
internal static unsafe partial class SunetCpu
{
    [LibraryImport(Library, EntryPoint = "sunet_batch_norm_statistics")]
    public static partial int BatchNormStatistics(nint context, in NativeTensor xTensor, void* x, float* mean, float* variance);

    [LibraryImport(Library, EntryPoint = "sunet_batch_norm_apply")]
    public static partial int BatchNormApply(
        nint context, in NativeTensor xTensor, void* x, float* mean, float* variance, float* gamma, float* beta, float epsilon, int relu,
        in NativeTensor yTensor, void* y);

    [LibraryImport(Library, EntryPoint = "sunet_batch_norm_backward")]
    public static partial int BatchNormBackward(nint context, in NativeBatchNormGradient gradient);

    [LibraryImport(Library, EntryPoint = "sunet_running_statistics_update")]
    public static partial int RunningStatisticsUpdate(
        nint context, int channels, long count, float momentum, float* mean, float* variance, float* runningMean, float* runningVariance);

    [LibraryImport(Library, EntryPoint = "sunet_copy")]
    public static partial int Copy(nint context, in NativeTensor xTensor, void* x, in NativeTensor yTensor, void* y);

    [LibraryImport(Library, EntryPoint = "sunet_channel_sum")]
    public static partial int ChannelSum(nint context, in NativeTensor xTensor, void* x, float* sums);

    [LibraryImport(Library, EntryPoint = "sunet_average_pool")]
    public static partial int AveragePool(
        nint context, int window, in NativeTensor xTensor, void* x, in NativeTensor yTensor, void* y);

    [LibraryImport(Library, EntryPoint = "sunet_average_pool_backward")]
    public static partial int AveragePoolBackward(
        nint context, int window, in NativeTensor dyTensor, void* dy, in NativeTensor dxTensor, void* dx);

    [LibraryImport(Library, EntryPoint = "sunet_global_average_pool")]
    public static partial int GlobalAveragePool(nint context, in NativeTensor xTensor, void* x, in NativeTensor yTensor, void* y);

    [LibraryImport(Library, EntryPoint = "sunet_global_average_pool_backward")]
    public static partial int GlobalAveragePoolBackward(
        nint context, in NativeTensor dyTensor, void* dy, in NativeTensor dxTensor, void* dx);

    [LibraryImport(Library, EntryPoint = "sunet_bilinear")]
    public static partial int Bilinear(nint context, in NativeTensor xTensor, void* x, in NativeTensor yTensor, void* y);

    [LibraryImport(Library, EntryPoint = "sunet_bilinear_backward")]
    public static partial int BilinearBackward(nint context, in NativeTensor dyTensor, void* dy, in NativeTensor dxTensor, void* dx);

    [LibraryImport(Library, EntryPoint = "sunet_softmax")]
    public static partial int Softmax(nint context, in NativeTensor xTensor, void* x, in NativeTensor yTensor, float* y);

    [LibraryImport(Library, EntryPoint = "sunet_softmax_backward")]
    public static partial int SoftmaxBackward(nint context, in NativeTensor tensor, float* y, float* dy, float* dx);

    [LibraryImport(Library, EntryPoint = "sunet_softmax_cross_entropy")]
    public static partial int SoftmaxCrossEntropy(
        nint context, in NativeTensor logitsTensor, void* logits, int* labels, int ignore, float* logSumExp, float* loss, int* counted,
        int* invalid);

    [LibraryImport(Library, EntryPoint = "sunet_softmax_cross_entropy_backward")]
    public static partial int SoftmaxCrossEntropyBackward(
        nint context, in NativeTensor logitsTensor, void* logits, int* labels, int ignore, float* logSumExp, int* counted, float* dloss,
        in NativeTensor dlogitsTensor, float* dlogits);

    [LibraryImport(Library, EntryPoint = "sunet_dice_cross_entropy")]
    public static partial int DiceCrossEntropy(
        nint context, in NativeTensor logitsTensor, void* logits, int* labels, int ignore, float* classWeights, float labelSmoothing,
        float diceWeight, double* scratch, long scratchBytes, float* logSumExp, float* loss, int* counted, int* invalid,
        float* coefficients);

    [LibraryImport(Library, EntryPoint = "sunet_dice_cross_entropy_backward")]
    public static partial int DiceCrossEntropyBackward(
        nint context, in NativeTensor logitsTensor, void* logits, int* labels, int ignore, float* logSumExp, float* coefficients,
        in NativeTensor dlogitsTensor, float* dlogits);

    [LibraryImport(Library, EntryPoint = "sunet_arg_max")]
    public static partial int ArgMax(nint context, in NativeTensor xTensor, void* x, byte* classes);

    [LibraryImport(Library, EntryPoint = "sunet_resize_arg_max")]
    public static partial int ResizeArgMax(nint context, in NativeTensor xTensor, void* x, int height, int width, byte* classes);

    [LibraryImport(Library, EntryPoint = "sunet_normalize_images")]
    public static partial int NormalizeImages(
        nint context, byte* x, float* mean, float* deviation, int mirrored, in NativeTensor yTensor, void* y);

    [LibraryImport(Library, EntryPoint = "sunet_average_probabilities")]
    public static partial int AverageProbabilities(
        nint context, int count, NativeScaledLogits* scales, float* scratch, long scratchFloats, in NativeTensor yTensor, float* y);

    [LibraryImport(Library, EntryPoint = "sunet_average_probabilities_scratch")]
    public static partial long AverageProbabilitiesScratch(nint context, int classes, int width, int outWidth);

    [LibraryImport(Library, EntryPoint = "sunet_widen_labels")]
    public static partial int WidenLabels(nint context, long count, byte* x, int* y);

    [LibraryImport(Library, EntryPoint = "sunet_confusion_counts")]
    public static partial int ConfusionCounts(
        nint context, long pixels, int* labels, byte* predictions, int classes, int ignore, int* counts, int* invalid);

    [LibraryImport(Library, EntryPoint = "sunet_sgd_update")]
    public static partial int SgdUpdate(nint context, long count, in NativeSgd sgd, float* parameters, float* gradients, float* velocity);

    [LibraryImport(Library, EntryPoint = "sunet_accumulate")]
    public static partial int Accumulate(nint context, long count, float* x, float* y);

    [LibraryImport(Library, EntryPoint = "sunet_clip_norm")]
    public static partial int ClipNorm(nint context, long count, float maxNorm, float* x);

    [LibraryImport(Library, EntryPoint = "sunet_all_finite")]
    public static partial int AllFinite(nint context, long count, NativeType type, void* x, int* finite);
}
