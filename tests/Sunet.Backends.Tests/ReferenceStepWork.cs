using Sunet.Native.Backends;

namespace Sunet.Backends.Tests;

/// <summary>The work of a step in plain loops.</summary>
internal sealed unsafe class ReferenceStepWork : IStepWork
{
    private StepCheck last = new(0, 0, true);

    public PreparedWork PrepareCheck(nint loss, nint invalid, long count, nint gradients) => new ReferenceWork(() =>
    {
        bool finite = true;
        for (long i = 0; i < count; i++)
            finite &= float.IsFinite(((float*)gradients)[i]);
        last = new StepCheck(*(float*)loss, *(int*)invalid, finite);
    });

    public StepCheck LastCheck() => last;

    public PreparedWork PrepareAccumulate(long count, nint x, nint y) => new ReferenceWork(() =>
    {
        for (long i = 0; i < count; i++)
            ((float*)y)[i] += ((float*)x)[i];
    });

    public PreparedWork PrepareClip(long count, nint x, float maxNorm) => new ReferenceWork(() =>
    {
        double squares = 0;
        for (long i = 0; i < count; i++)
            squares += Math.Pow(((float*)x)[i], 2);
        double factor = Math.Min(1, maxNorm / (Math.Sqrt(squares) + 1e-6));
        for (long i = 0; i < count; i++)
            ((float*)x)[i] = (float)(((float*)x)[i] * factor);
    });

    public ParameterUpdate PrepareUpdate(
        in SgdArguments arguments, long count, nint parameters, nint copy, nint gradients, nint velocity) =>
        new Update(this, arguments, count, parameters, gradients, velocity);

    private sealed class Update(ReferenceStepWork owner, SgdArguments sgd, long count, nint parameters, nint gradients, nint velocity)
        : ParameterUpdate
    {
        private float rate;

        public override void SetLearningRate(float rate)
        {
            ThrowIfDisposed();
            this.rate = rate;
        }

        protected override void Work()
        {
            if (!owner.last.IsSound)
                return;
            float* p = (float*)parameters, g = (float*)gradients, v = (float*)velocity;
            for (long i = 0; i < count; i++)
            {
                double gradient = ((double)g[i] * sgd.GradientScale) + ((double)sgd.WeightDecay * p[i]);
                double moving = (sgd.Momentum * (double)v[i]) + ((1 - sgd.Dampening) * gradient);
                v[i] = (float)moving;
                p[i] = (float)(p[i] - (rate * (sgd.Nesterov ? gradient + (sgd.Momentum * moving) : moving)));
            }
        }
    }
}
