using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Verification.Reference;

/// <summary>The mean over scales of class probabilities.</summary>
internal sealed class ProbabilityLoops : ReferenceFamily
{
    public override IReadOnlyList<(string Kind, Func<OpBuilder, Op> Build)> Ops { get; } = [(nameof(AverageProbabilities), Build)];

    public override double[][]? Compute(Op op, Func<Value, double[]> of) =>
        op is AverageProbabilities average ? [Average(average, of)] : null;

    /// <summary>Both resizes, the softmax and the mirror one after the other, each at full size.</summary>
    public static double[] Average(AverageProbabilities op, Func<Value, double[]> of)
    {
        Shape to = op.Output.Shape;
        ScaledLogits[] scales = [.. op.Scales];
        var mean = new double[to.Count];
        foreach (ScaledLogits scale in scales)
        {
            Shape low = scale.Logits.Shape, network = low.WithSize(scale.NetworkSize.H, scale.NetworkSize.W);
            double[] probabilities = LossLoops.Softmax(network, ResamplingLoops.Resize(low, network, of(scale.Logits)));
            double[] resized = ResamplingLoops.Resize(network, to, probabilities);
            for (int i = 0; i < mean.Length; i++)
            {
                int column = i % to.Width;
                mean[i] += resized[scale.IsMirrored ? i - column + to.Width - 1 - column : i] / scales.Length;
            }
        }

        return mean;
    }

    /// <summary>One to three scales, mirrored or not, some of the size of the result.</summary>
    private static AverageProbabilities Build(OpBuilder b)
    {
        (Shape shape, (int H, int W) size) = b.Activation();
        var scales = new List<ScaledLogits>();
        int count = b.Random.Next(1, 4);
        for (int i = 0; i < count; i++)
        {
            Shape low = shape.WithSize(b.Random.Next(1, 9), b.Random.Next(1, 9));
            (int H, int W) network = b.Random.Next(3) == 0 ? size : (b.Random.Next(3, 90), b.Random.Next(3, 90));
            scales.Add(new ScaledLogits(b.Image($"x{i}", low), network, b.Random.Next(2) == 0));
        }

        return b.Graph.Add(new AverageProbabilities("op", scales, size));
    }
}
