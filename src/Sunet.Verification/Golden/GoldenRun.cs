using Sunet.Native.Backends;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Verification.Reference;

namespace Sunet.Verification.Golden;

/// <summary>The results of one training step and one prediction of a golden case.</summary>
internal sealed record GoldenRun(double Loss, double[] Low, double[] Logits, IReadOnlyDictionary<string, double[]> Gradients,
    IReadOnlyDictionary<string, double[]> Running, double[] EvaluationLow, double[] EvaluationLogits)
{
    /// <summary>The memory of the training plan; 0 on the reference.</summary>
    public long PlanBytes { get; init; }

    /// <summary>On a backend, through the graphs with all passes.</summary>
    public static GoldenRun On(IBackend backend, GoldenCase golden)
    {
        SunetModel model = golden.CreateModel();
        SunetGraph training = TrainingGraph(golden, model.Spec);
        training.Graph.MarkOutput(training.LowLogits);
        training.Graph.MarkOutput(training.Logits);
        GoldenRun run;
        using (Plan plan = Plan.Compile(training.Graph, backend, new PlanOptions { Purpose = PlanPurpose.Training }))
        {
            plan.Load(model.Read);
            plan.Write(training.Image, golden.CreateInput());
            plan.Write(training.Labels!, golden.CreateLabels());
            foreach (Phase phase in Enum.GetValues<Phase>())
                plan.Run(phase);
            run = new GoldenRun(plan.ReadScalar(training.Loss!.Loss), Read(plan, training.LowLogits), Read(plan, training.Logits),
                ReadGradients(training.Graph, v => Read(plan, v)),
                training.Graph.Buffers.ToDictionary(b => b.Name, b => Read(plan, b)), [], [])
            {
                PlanBytes = plan.Memory.TotalBytes,
            };
        }

        foreach ((string name, double[] elements) in run.Running)
            Array.ConvertAll(elements, v => (float)v).CopyTo(model.Write(name));
        SunetGraph inference = SunetGraph.ForInference(model.Spec, golden.Input);
        inference.Graph.MarkOutput(inference.LowLogits);
        inference.Graph.MarkOutput(inference.Logits);
        using Plan prediction = Plan.Compile(inference.Graph, backend, new PlanOptions());
        prediction.Load(model.Read);
        prediction.Write(inference.Image, golden.CreateInput());
        prediction.Run(Phase.Forward);
        return run with { EvaluationLow = Read(prediction, inference.LowLogits), EvaluationLogits = Read(prediction, inference.Logits) };
    }

    /// <summary>
    /// Runs a golden case on the reference in float64. Training uses the graph with all passes, and prediction the plain graph, whose
    /// values are not rounded.
    /// </summary>
    public static GoldenRun OnReference(GoldenCase golden)
    {
        SunetModel model = golden.CreateModel();
        SunetGraph training = TrainingGraph(golden, model.Spec);
        var executor = new ReferenceExecutor(training.Graph);
        executor.Load(name => Doubles(model.Read(name)));
        executor.Write(training.Image, Doubles(golden.CreateInput()));
        executor.Write(training.Labels!, golden.CreateLabels().Select(l => (double)l));
        executor.Run();
        Dictionary<string, double[]> running = training.Graph.Buffers.ToDictionary(b => b.Name, b => executor[b]);

        SunetGraph inference = SunetGraph.Build(model.Spec, golden.Input, BatchNormMode.Inference, batchNormMomentum: 0);
        var prediction = new ReferenceExecutor(inference.Graph);
        prediction.Load(name => running.TryGetValue(name, out double[]? statistics) ? statistics : Doubles(model.Read(name)));
        prediction.Write(inference.Image, Doubles(golden.CreateInput()));
        prediction.Run();
        return new GoldenRun(executor[training.Loss!.Loss][0], executor[training.LowLogits], executor[training.Logits],
            ReadGradients(training.Graph, v => executor[v]), running, prediction[inference.LowLogits], prediction[inference.Logits]);
    }

    private static SunetGraph TrainingGraph(GoldenCase golden, SunetSpec spec) => SunetGraph.ForTraining(spec, golden.Input,
        new TrainingGraphOptions { BatchNormMomentum = 1, IgnoreLabel = golden.IgnoreLabel });

    private static Dictionary<string, double[]> ReadGradients(Graph graph, Func<Value, double[]> read) =>
        graph.Ops.SelectMany(o => o.Outputs).Where(v => v.GradientOf is not null).ToDictionary(v => v.GradientOf!.Name, read);

    private static double[] Read(Plan plan, Value value)
    {
        var elements = new float[value.Shape.Count];
        plan.Read(value, elements);
        return Doubles(elements);
    }

    private static double[] Doubles(ReadOnlySpan<float> elements)
    {
        var doubles = new double[elements.Length];
        for (int i = 0; i < doubles.Length; i++)
            doubles[i] = elements[i];
        return doubles;
    }
}
