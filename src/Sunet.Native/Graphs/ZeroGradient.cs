namespace Sunet.Native.Graphs;

/// <summary>
/// The gradient of a parameter that cannot change the loss: zeros of the parameter's shape. Nothing computes them: the gradient's memory is
/// zero from its allocation on, and no other op writes there. The optimizer sees a gradient like any other, so that momentum and weight
/// decay act.
/// </summary>
internal sealed class ZeroGradient : Op
{
    /// <summary>Creates the op.</summary>
    public ZeroGradient(Value parameter) : base(parameter.Name + "/gradient", Phase.Backward)
    {
        Require(parameter.Kind == ValueKind.Parameter, $"'{parameter.Name}' is no parameter, so its gradient has no memory of its own");
        AddOutput("", parameter.Shape).GradientOf = parameter;
    }
}
