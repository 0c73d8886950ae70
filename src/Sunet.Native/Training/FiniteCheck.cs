using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Training;

/// <summary>Names the layer where NaN or infinity began.</summary>
internal sealed class FiniteCheck(Plan plan)
{
    /// <summary>Runs the step again, call by call, to name the first tensor that is not finite.</summary>
    public DivergedException Diverged(long step, string what)
    {
        var observer = new FirstNonFinite(plan);
        Value? input = plan.Graph.Inputs.FirstOrDefault(i => i.Type == DataType.Float32 && !plan.Training.IsFinite(i));
        if (input is null)
        {
            plan.Run(Phase.Forward, observer);
            if (observer.Found is null)
                plan.Run(Phase.Backward, observer);
        }

        string tensor = (input ?? observer.Found)?.Name ?? what;
        return new DivergedException(
            $"Step {step}: the {what} is not finite; the first tensor that is not is '{tensor}'. The weights are those before the step; "
            + "lower the learning rate or check the data.", step, tensor);
    }

    private sealed class FirstNonFinite(Plan plan) : IPlanObserver
    {
        public Value? Found { get; private set; }

        public void Starting(int index, PlannedCall call)
        {
        }

        public void Finished(int index, PlannedCall call) =>
            Found ??= call.Op.Outputs.FirstOrDefault(o => o.Type == DataType.Float32 && !plan.Training.IsFinite(o));
    }
}
