using Sunet.Native.Graphs;
using Sunet.Onnx.Translation;
using Sunet.Verification.Reference;

namespace Sunet.Onnx.Tests;

/// <summary>Every op of a forward pass has a translation, or is listed among those that no exported network has.</summary>
public class OpListTests
{
    private static readonly Type[] Forward =
    [
        .. OpGraph.Kinds.SelectMany(kind => OpGraph.Create(kind, seed: 0, copies: false).Graph.Ops).Where(op => op.Phase == Phase.Forward)
            .Select(op => op.GetType()).Distinct(),
    ];

    [Fact]
    public void ForwardOps_OfTheLibrary_AreTranslatedOrListed()
    {
        Assert.NotEmpty(Forward);
        Assert.Empty(Missing(Forward));
    }

    [Fact]
    public void Lists_OfTheTranslator_HaveNoOpTwice() => Assert.Empty(OpTranslator.Translated.Intersect(OpTranslator.NotExported));

    [Fact]
    public void Missing_PlantedOp_IsNamed() => Assert.Equal([nameof(PlantedOp)], Missing([.. Forward, typeof(PlantedOp)]));

    private static IEnumerable<string> Missing(IEnumerable<Type> ops) =>
        ops.Except(OpTranslator.Translated).Except(OpTranslator.NotExported).Select(type => type.Name);

    private sealed class PlantedOp() : Op("planted", Phase.Forward);
}
