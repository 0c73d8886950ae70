namespace Sunet.Native.Training;

/// <summary>
/// The learning rate over a run, as a factor on its base. It is a pure function of the step, so a resumed run needs no state for it.
/// </summary>
public abstract record LearningRateSchedule
{
    /// <summary>The factor at a step.</summary>
    /// <param name="step">Updates made so far: 0 for the first.</param>
    public abstract double Factor(long step);

    /// <summary>Gives a schedule that keeps the base rate.</summary>
    public static LearningRateSchedule Constant() => new ConstantSchedule();

    /// <summary>Gives the paper's schedule for segmentation (section 7.2): 0.5 (1 + cos(pi t / T)), and 0 from step T on.</summary>
    /// <param name="steps">T.</param>
    public static LearningRateSchedule Cosine(long steps) => new CosineSchedule(steps);

    /// <summary>
    /// Creates the paper's schedule for classification (section 6.1), which multiplies the rate by a factor at regular steps.
    /// </summary>
    /// <param name="every">Steps between drops, at least 1.</param>
    /// <param name="drop">The factor.</param>
    public static LearningRateSchedule Step(long every, double drop = 0.1) => new StepSchedule(every, drop);

    /// <summary>Gives DeepLab's schedule: (1 - t / T) to a power, and 0 from step T on.</summary>
    /// <param name="steps">T.</param>
    /// <param name="power">The power.</param>
    public static LearningRateSchedule Polynomial(long steps, double power = 0.9) => new PolynomialSchedule(steps, power);

    /// <summary>Gives this schedule times a linear rise from a small factor over the first steps, for which it does not wait.</summary>
    /// <param name="steps">The length of the rise.</param>
    /// <param name="start">The factor at step 0.</param>
    public LearningRateSchedule WithWarmUp(long steps, double start = 0.01) => new WarmUpSchedule(steps, this, start);
}

/// <summary>Always the base rate.</summary>
internal sealed record ConstantSchedule : LearningRateSchedule
{
    /// <inheritdoc/>
    public override double Factor(long step) => 1;
}

/// <summary>0.5 (1 + cos(pi t / T)), the paper's schedule for segmentation (section 7.2); 0 from step T on.</summary>
/// <param name="Steps">T.</param>
internal sealed record CosineSchedule(long Steps) : LearningRateSchedule
{
    /// <inheritdoc/>
    public override double Factor(long step) => step >= Steps ? 0 : 0.5 * (1 + Math.Cos(Math.PI * step / Steps));
}

/// <summary>Multiplied by a factor after every so many steps, the paper's schedule for classification (section 6.1).</summary>
/// <param name="Every">Steps between drops, at least 1.</param>
/// <param name="Drop">The factor, such as 0.1.</param>
internal sealed record StepSchedule(long Every, double Drop = 0.1) : LearningRateSchedule
{
    /// <inheritdoc/>
    public override double Factor(long step) => Math.Pow(Drop, step / Every);
}

/// <summary>(1 - t / T) to a power, as DeepLab trains; 0 from step T on.</summary>
/// <param name="Steps">T.</param>
/// <param name="Power">Usually 0.9.</param>
internal sealed record PolynomialSchedule(long Steps, double Power = 0.9) : LearningRateSchedule
{
    /// <inheritdoc/>
    public override double Factor(long step) => step >= Steps ? 0 : Math.Pow(1 - ((double)step / Steps), Power);
}

/// <summary>A linear rise from a small factor over the first steps, times the schedule underneath, which does not wait for it.</summary>
/// <param name="Steps">Length of the rise.</param>
/// <param name="Inner">The schedule underneath.</param>
/// <param name="Start">The factor at step 0.</param>
internal sealed record WarmUpSchedule(long Steps, LearningRateSchedule Inner, double Start = 0.01) : LearningRateSchedule
{
    /// <inheritdoc/>
    public override double Factor(long step) =>
        Inner.Factor(step) * (step >= Steps ? 1 : Start + ((1 - Start) * step / Steps));
}
