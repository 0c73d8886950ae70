using Sunet.Native.Backends.Cpu.Running;
using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Backends.Cpu.Steps;

/// <summary>The work on parameters between two steps on the CPU: the check of the step, sums of gradients, and updates.</summary>
internal sealed unsafe class CpuStepWork(CpuRun run) : IStepWork
{
    /// <inheritdoc/>
    public PreparedWork PrepareCheck(nint loss, nint invalid, long count, nint gradients) => new CpuWork(run.Perform, () =>
        run.LastCheck = new StepCheck(*(float*)loss, *(int*)invalid, run.AllFinite(count, NativeType.Float32, gradients)));

    /// <inheritdoc/>
    public StepCheck LastCheck() => run.LastCheck;

    /// <inheritdoc/>
    public PreparedWork PrepareAccumulate(long count, nint x, nint y) => new CpuWork(run.Perform, () =>
        NativeStatus.ThrowIfFailed(SunetCpu.Accumulate(run.Context.Raw, count, (float*)x, (float*)y), "accumulate", CpuLibrary.File));

    /// <inheritdoc/>
    public PreparedWork PrepareClip(long count, nint x, float maxNorm) => new CpuWork(run.Perform, () =>
        NativeStatus.ThrowIfFailed(SunetCpu.ClipNorm(run.Context.Raw, count, maxNorm, (float*)x), "clip_norm", CpuLibrary.File));

    /// <inheritdoc/>
    public ParameterUpdate PrepareUpdate(
        in SgdArguments arguments, long count, nint parameters, nint copy, nint gradients, nint velocity) =>
        new SgdUpdate(run, arguments, count, parameters, gradients, velocity);

    private sealed class SgdUpdate : ParameterUpdate
    {
        private readonly CpuRun run;
        private readonly Action update;
        private NativeSgd native;

        public SgdUpdate(CpuRun run, SgdArguments arguments, long count, nint parameters, nint gradients, nint velocity)
        {
            this.run = run;
            native = new NativeSgd
            {
                Momentum = arguments.Momentum,
                Dampening = arguments.Dampening,
                WeightDecay = arguments.WeightDecay,
                GradientScale = arguments.GradientScale,
                Nesterov = arguments.Nesterov ? 1 : 0,
            };
            update = () => NativeStatus.ThrowIfFailed(
                SunetCpu.SgdUpdate(run.Context.Raw, count, native, (float*)parameters, (float*)gradients, (float*)velocity),
                "sgd_update", CpuLibrary.File);
        }

        public override void SetLearningRate(float rate)
        {
            ThrowIfDisposed();
            native.LearningRate = rate;
        }

        protected override void Work()
        {
            if (run.LastCheck.IsSound)
                run.Perform(update);
        }
    }
}
