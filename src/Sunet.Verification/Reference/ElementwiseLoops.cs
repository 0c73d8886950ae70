using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Verification.Reference;

/// <summary>Element by element: ReLU and sums, and moves of whole channels.</summary>
internal sealed class ElementwiseLoops : ReferenceFamily
{
    public override IReadOnlyList<(string Kind, Func<OpBuilder, Op> Build)> Ops { get; } =
    [
        (nameof(Add), b => Build(b, s => new Add("op", Phase.Forward, b.Image("a", s), b.Image("b", s)))),
        (nameof(Relu), b => Build(b, s => new Relu("op", b.Image("x", s)))),
        (nameof(ReluGradient), b => Build(b, s => new ReluGradient("op", b.Image("y", s), b.Image("dy", s)))),
        (nameof(Concat), b => Build(b, s => new Concat("op", b.Image("a", s), b.Image("b", s.WithChannels(b.Random.Next(1, 40)))))),
        (nameof(ChannelSlice), b => Build(
            b, s => new ChannelSlice("op", b.Image("x", s), s.Channels / 2, s.Channels - (s.Channels / 2)))),
    ];

    public override IReadOnlyList<(string Kind, Func<LayerBuilder, Value> Build)> Layers { get; } =
    [
        (nameof(Add), b => b.Graph.Add(new Add("sum", Phase.Forward, b.Weighted("a", Activation), b.Weighted("b", Activation))).Output),
        (nameof(Relu), b => b.Graph.Add(new Relu("relu", b.Scaled("x", Activation))).Output),
        (nameof(Concat), b => b.Graph.Add(
            new Concat("cat", b.Scaled("a", Activation.WithChannels(3)), b.Scaled("b", Activation.WithChannels(2)))).Output),
    ];

    private static Shape Activation => new(2, LayerBuilder.Classes, 5, 7);

    public override double[][]? Compute(Op op, Func<Value, double[]> of) => op switch
    {
        Add a => [[.. of(a.A).Zip(of(a.B), (x, y) => x + y)]],
        Relu r => [Array.ConvertAll(of(r.X), v => Math.Max(0, v))],
        ReluGradient r => [[.. of(r.Y).Zip(of(r.Dy), (y, dy) => y > 0 ? dy : 0)]],
        Concat c => [Join(c, of)],
        ChannelSlice s => [Slice(s, of(s.X))],
        _ => null,
    };

    private static Op Build(OpBuilder b, Func<Shape, Op> create)
    {
        (Shape shape, _) = b.Activation();
        b.Reduction = 4;
        return b.Graph.Add(create(shape));
    }

    private static double[] Join(Concat op, Func<Value, double[]> of)
    {
        var y = new double[op.Output.Shape.Count];
        int at = 0;
        for (int n = 0; n < op.Output.Shape.Batch; n++)
        {
            foreach (double[] input in (double[][])[of(op.A), of(op.B)])
            {
                int image = input.Length / op.Output.Shape.Batch;
                Array.Copy(input, n * image, y, at, image);
                at += image;
            }
        }

        return y;
    }

    private static double[] Slice(ChannelSlice op, double[] x)
    {
        (Shape from, Shape to) = (op.X.Shape, op.Output.Shape);
        var y = new double[to.Count];
        int plane = to.Height * to.Width;
        for (int n = 0; n < to.Batch; n++)
            Array.Copy(x, ((n * from.Channels) + op.Offset) * plane, y, n * to.Channels * plane, to.Channels * plane);
        return y;
    }
}
