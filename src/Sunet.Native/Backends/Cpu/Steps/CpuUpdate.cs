using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Backends.Cpu.Steps;

/// <summary>What happens to parameters between two steps: judgement, accumulation, update; and work run again as it is.</summary>
internal static unsafe class CpuUpdate
{
    public static ParameterUpdate Sgd(CpuSession session, in SgdArguments arguments, long count, nint parameters, nint gradients, nint velocity) =>
        new SgdUpdate(session, arguments, count, parameters, gradients, velocity);

    public static PreparedWork Accumulate(CpuSession session, long count, nint x, nint y) => new OwnWork(session.Dispatch, () =>
        CpuSession.Check(SunetCpu.Accumulate(session.Context.Raw, count, (float*)x, (float*)y), "accumulate"));

    public static PreparedWork Judgement(CpuSession session, nint loss, nint invalid, long count, nint gradients) => new OwnWork(session.Dispatch, () =>
        session.Judge(new StepVerdict(*(float*)loss, *(int*)invalid, session.AllFinite(count, NativeType.Float32, gradients))));

    /// <summary>Work whose parts find their runner themselves: what is between them is the caller's.</summary>
    public static PreparedWork Repeat(Action work) => new OwnWork(w => w(), work);

    private sealed class OwnWork(Action<Action> perform, Action work) : PreparedWork
    {
        protected override void Work() => perform(work);
    }

    private sealed class SgdUpdate : ParameterUpdate
    {
        private readonly CpuSession session;
        private readonly Action update;
        private NativeSgd native;

        public SgdUpdate(CpuSession session, SgdArguments arguments, long count, nint parameters, nint gradients, nint velocity)
        {
            this.session = session;
            native = new NativeSgd
            {
                Momentum = arguments.Momentum,
                Dampening = arguments.Dampening,
                WeightDecay = arguments.WeightDecay,
                GradientScale = arguments.GradientScale,
                Nesterov = arguments.Nesterov ? 1 : 0,
            };
            update = () => CpuSession.Check(
                SunetCpu.SgdUpdate(session.Context.Raw, count, native, (float*)parameters, (float*)gradients, (float*)velocity), "sgd_update");
        }

        public override void SetLearningRate(float rate)
        {
            ThrowIfDisposed();
            native.LearningRate = rate;
        }

        protected override void Work()
        {
            if (session.StepIsSound)
                session.Dispatch(update);
        }
    }
}
