using Sunet.Native.Backends;
using Sunet.Native.Graphs;
using Sunet.Verification.Reference;

namespace Sunet.Backends.Tests;

/// <summary>One op by the reference's loops in float64, rounded when it is stored.</summary>
/// <param name="op">The op.</param>
/// <param name="stepWork">Knows whether buffers may change.</param>
internal sealed class ReferenceCall(Op op, ReferenceStepWork stepWork) : PreparedCall
{
    private IValueAddresses? addresses;

    public override string Implementation => "float64 loops";

    public override void Bind(IValueAddresses at) => addresses = at;

    public override void Run()
    {
        if (op.Phase == Phase.Update && !stepWork.LastCheck().IsSound)
            return;
        var inputs = new Dictionary<Value, double[]>();
        double[][] outputs = ReferenceFamilies.Compute(op, Read);
        foreach ((Value output, double[] elements) in op.Outputs.Zip(outputs))
            ReferenceValues.Write(output, addresses!.Of(output), elements);

        // Running statistics change in place.
        foreach ((Value buffer, double[] elements) in inputs.Where(i => op.Phase == Phase.Update && i.Key.Kind == ValueKind.Buffer))
            ReferenceValues.Write(buffer, addresses!.Of(buffer), elements);

        double[] Read(Value value)
        {
            if (!inputs.TryGetValue(value, out double[]? elements))
                inputs.Add(value, elements = ReferenceValues.Read(value, addresses!.Of(value)));
            return elements;
        }
    }
}
