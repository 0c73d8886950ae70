using System.Globalization;
using System.Text.Json;
using Sunet.Native.Measuring;
using Sunet.Verification.Reference;

namespace Sunet.Verification.Golden;

/// <summary>The errors of a run against PyTorch's float64, each beside that of PyTorch's own float32.</summary>
internal sealed class GoldenErrors
{
    /// <summary>
    /// The largest norm that counts as zero. Gradients that are exactly zero, such as those of biases ahead of a batch-norm, leave rounding
    /// noise below it.
    /// </summary>
    private const double Zero = 1e-12;

    private readonly List<string> lines = [];

    public GoldenErrors(GoldenCase golden, GoldenRun run)
    {
        JsonElement training = golden.Training, evaluation = golden.Evaluation;
        Loss = Math.Abs((run.Loss / training.GetProperty("loss").GetDouble()) - 1);
        Note("loss", Loss, Math.Abs((training.GetProperty("loss_f32").GetDouble() / training.GetProperty("loss").GetDouble()) - 1));
        Low = Distance("training low", run.Low, training.GetProperty("low"));
        EvaluationLow = Distance("evaluation low", run.EvaluationLow, evaluation.GetProperty("low"));
        Logits = OfSummary("logits", run.Logits, GoldenCase.SummaryOf(training.GetProperty("logits")));
        Note("training logits", Logits, GoldenCase.SummaryOf(training.GetProperty("logits")).Float32Error);
        EvaluationLogits = OfSummary("logits", run.EvaluationLogits, GoldenCase.SummaryOf(evaluation.GetProperty("logits")));
        Note("evaluation logits", EvaluationLogits, GoldenCase.SummaryOf(evaluation.GetProperty("logits")).Float32Error);
        Running = Tensors("running statistics", training.GetProperty("running"), run.Running).Max();
        double[] gradients = Tensors("gradients", training.GetProperty("grads"), run.Gradients);
        (WorstGradient, MedianGradient) = (gradients.Max(), PlanTimings.Median(gradients));
    }

    public double Loss { get; }

    public double Low { get; }

    public double Logits { get; }

    public double EvaluationLow { get; }

    public double EvaluationLogits { get; }

    public double Running { get; }

    public double WorstGradient { get; }

    public double MedianGradient { get; }

    public override string ToString() => string.Join(Environment.NewLine, lines);

    /// <summary>The larger of the errors of norm and probe, relative to the norm.</summary>
    public static double OfSummary(string key, double[] tensor, Summary expected)
    {
        double norm = Math.Sqrt(tensor.Sum(v => v * v));
        return Math.Max(Math.Abs(norm - expected.Norm), Math.Abs(Fill.Probe(key, tensor) - expected.Probe)) / expected.Norm;
    }

    /// <summary>L2 distance relative to the norm of what is expected.</summary>
    public static double Distance(IReadOnlyList<double> actual, IReadOnlyList<double> expected)
    {
        if (actual.Count != expected.Count)
            throw new ArgumentException($"{actual.Count} elements where {expected.Count} are expected.", nameof(actual));
        return Math.Sqrt(actual.Zip(expected, (a, e) => (a - e) * (a - e)).Sum() / expected.Sum(e => e * e));
    }

    private double Distance(string what, double[] actual, JsonElement expected)
    {
        double error = Distance(actual, GoldenCase.Doubles(expected.GetProperty("values")));
        Note(what, error, expected.GetProperty("f32").GetDouble());
        return error;
    }

    private double[] Tensors(string what, JsonElement expected, IReadOnlyDictionary<string, double[]> actual)
    {
        var errors = new List<(string Key, double Error, double Float32)>();
        foreach (JsonProperty tensor in expected.EnumerateObject())
        {
            Summary summary = GoldenCase.SummaryOf(tensor.Value);
            if (!actual.TryGetValue(tensor.Name, out double[]? elements))
                throw new InvalidOperationException($"The graph gives nothing for '{tensor.Name}'.");
            if (summary.Norm > Zero)
                errors.Add((tensor.Name, OfSummary(tensor.Name, elements, summary), summary.Float32Error));
        }

        (string key, double worst, _) = errors.MaxBy(e => e.Error);
        Note($"{what}, worst of {errors.Count} ({key})", worst, errors.Max(e => e.Float32));
        Note($"{what}, median", PlanTimings.Median(errors.Select(e => e.Error)), PlanTimings.Median(errors.Select(e => e.Float32)));
        return [.. errors.Select(e => e.Error)];
    }

    private void Note(string what, double error, double float32) =>
        lines.Add(string.Create(CultureInfo.InvariantCulture, $"{what}: {error:E2} (PyTorch float32 {float32:E2})"));
}
