using Sunet.Native.Compilation;
using Sunet.Native.Interop;

namespace Sunet.Native.Backends.Cpu;

/// <summary>What happens to parameters between two steps: judgement, accumulation, update; and work run again as it is.</summary>
internal static unsafe class CpuUpdate
{
    public static ParameterUpdate Sgd(CpuSession session, in SgdArguments arguments, long count, nint parameters, nint gradients, nint velocity) =>
        new SgdUpdate(session, arguments, count, parameters, gradients, velocity);

    public static PreparedWork Accumulate(CpuSession session, long count, nint x, nint y) => new OwnWork(() =>
        CpuSession.Check(SunetCpu.Accumulate(session.Context.Raw, count, (float*)x, (float*)y), "accumulate"));

    public static PreparedWork Judgement(CpuSession session, nint loss, nint invalid, long count, nint gradients) => new OwnWork(() =>
        session.Judge(new StepVerdict(*(float*)loss, *(int*)invalid, session.AllFinite(count, NativeType.Float32, gradients))));

    public static PreparedWork Repeat(Action work) => new OwnWork(work);

    private sealed class OwnWork(Action work) : PreparedWork
    {
        protected override void Work() => work();
    }

    private sealed class SgdUpdate(CpuSession session, SgdArguments arguments, long count, nint parameters, nint gradients, nint velocity)
        : ParameterUpdate
    {
        private NativeSgd native = new()
        {
            Momentum = arguments.Momentum,
            Dampening = arguments.Dampening,
            WeightDecay = arguments.WeightDecay,
            GradientScale = arguments.GradientScale,
            Nesterov = arguments.Nesterov ? 1 : 0,
        };

        public override void SetLearningRate(float rate)
        {
            ThrowIfDisposed();
            native.LearningRate = rate;
        }

        protected override void Work()
        {
            if (session.StepIsSound)
            {
                CpuSession.Check(
                    SunetCpu.SgdUpdate(session.Context.Raw, count, native, (float*)parameters, (float*)gradients, (float*)velocity), "sgd_update");
            }
        }
    }
}
