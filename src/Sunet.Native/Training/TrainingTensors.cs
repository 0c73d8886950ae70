using System.Runtime.InteropServices;
using Sunet.Native.Checkpoints;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Models;

namespace Sunet.Native.Training;

/// <summary>The tensors of a training state: weights, running statistics, velocities, and averages where there are any.</summary>
internal sealed class TrainingTensors(Plan plan, bool withAverages)
{
    private const string VelocityPrefix = "velocity/", AveragePrefix = "average/";

    /// <summary>Parameters and running statistics.</summary>
    public IEnumerable<Value> Weights => plan.Graph.Parameters.Concat(plan.Graph.Buffers);

    private IEnumerable<Value> Averaged => withAverages ? Weights : [];

    /// <summary>The tensors to save; each is read when it is written.</summary>
    public IEnumerable<SafetensorsTensor> Save() =>
    [
        .. Weights.Select(v => Tensor(v.Name, v, plan.Read)),
        .. plan.Graph.Parameters.Select(v => Tensor(VelocityPrefix + v.Name, v, plan.Training.ReadVelocity)),
        .. Averaged.Select(v => Tensor(AveragePrefix + v.Name, v, plan.Training.ReadAverage)),
    ];

    /// <summary>Writes the tensors of a file into the plan, once all of them are known to be there.</summary>
    /// <exception cref="CheckpointException">The file is of another model, or of a training without averages.</exception>
    public void Restore(SafetensorsFile file)
    {
        foreach (Value value in Weights)
            Require(file, value.Name, value);
        foreach (Value value in plan.Graph.Parameters)
            Require(file, VelocityPrefix + value.Name, value);
        foreach (Value value in Averaged)
            Require(file, AveragePrefix + value.Name, value);
        foreach (Value value in Weights)
            plan.Write(value, file.Floats(value.Name));
        foreach (Value value in plan.Graph.Parameters)
            plan.Training.WriteVelocity(value, file.Floats(VelocityPrefix + value.Name));
        foreach (Value value in Averaged)
            plan.Training.WriteAverage(value, file.Floats(AveragePrefix + value.Name));
    }

    /// <summary>Begins the averages with the weights of a model; nothing happens where there are none.</summary>
    public void WriteAverages(SunetModel model)
    {
        using CallGate.Scope inside = plan.Enter();
        foreach (Value value in Averaged)
            plan.Training.WriteAverage(value, model.Read(value.Name));
    }

    /// <summary>Copies the averages into a model.</summary>
    public void ReadAverages(SunetModel model)
    {
        foreach (Value value in Averaged)
            plan.Training.ReadAverage(value, model.Write(value.Name));
    }

    private static SafetensorsTensor Tensor(string name, Value value, ElementReader read) =>
        new(name, value.Type, value.Shape.ToArray(), bytes => read(value, MemoryMarshal.Cast<byte, float>(bytes)));

    private static void Require(SafetensorsFile file, string name, Value value)
    {
        if (!file.TryGet(name, out SafetensorsEntry? entry) || !entry.Has(value.Shape))
        {
            throw new CheckpointException(
                $"The training state '{file.Path}' is another model's: it has no '{name}' of {value.Shape}.", file.Path);
        }
    }

    private delegate void ElementReader(Value value, Span<float> elements);
}
