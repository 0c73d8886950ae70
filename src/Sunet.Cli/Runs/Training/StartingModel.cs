using Sunet.Cli.Output;
using Sunet.Cli.Settings;
using Sunet.Native;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;

namespace Sunet.Cli.Runs.Training;

/// <summary>Where training begins: fresh weights, or those of a checkpoint below a head for the data's classes.</summary>
/// <param name="Model">The model, with its head.</param>
/// <param name="Origin">One line on where its weights come from.</param>
internal sealed record StartingModel(SunetModel Model, string Origin)
{
    /// <summary>Creates the model.</summary>
    /// <param name="settings">Of the run.</param>
    /// <param name="task">What it is for.</param>
    /// <param name="resumes">
    /// Whether a run goes on: all its weights are in its state, and the checkpoint it once began from need not be there any more.
    /// </param>
    /// <param name="output">Told how the checkpoint was read.</param>
    /// <exception cref="SunetException">There is no such model, or the checkpoint is no good or has another body.</exception>
    public static StartingModel Create(TrainSettings settings, ITrainingTask task, bool resumes, CommandOutput output)
    {
        if (settings.Weights is not { } path || resumes)
        {
            SunetSpec fresh = ModelSettings.Spec(settings.Values, task.Head, task.ClassNames);
            return new StartingModel(SunetModel.Create(fresh, settings.Seed), resumes ? "weights: the run's" : "weights: fresh");
        }

        SunetModel source = WeightsSettings.Load(settings.Values, output);
        settings.Recipe?.Check(source.Spec, path);
        if (ModelSettings.BodyOrNull(settings.Values) is { } wanted && !wanted.SameBody(source.Spec.Config))
        {
            throw new CheckpointException(
                $"Checkpoint '{path}' is a {source.Spec.Config.Name} and '--model' asks for another body, "
                + $"{settings.Values.Text("model")}; leave '--model' out to take the checkpoint's.", path);
        }

        SunetSpec spec = ModelSettings.Spec(settings.Values, task.Head, task.ClassNames, source.Spec.Config) with
        {
            Normalization = source.Spec.Normalization,
        };
        SunetModel model = SunetModel.FineTune(source, spec, settings.Seed);
        return new StartingModel(model, $"weights: {Taken(source.Spec, spec)} of '{path}'");
    }

    private static string Taken(SunetSpec source, SunetSpec spec)
    {
        if (!SunetModel.KeepsHead(source, spec))
            return "features below a new head";
        return source.ClassNames.Count == 0 || source.ClassNames.SequenceEqual(spec.ClassNames)
            ? "features and head"
            : "features and head, whose classes have other names and are matched by index,";
    }
}
