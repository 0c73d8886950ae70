using Sunet.Data.Images;

namespace Sunet.Data.Datasets.Labels;

/// <summary>Chooses the colours that pictures show classes in.</summary>
internal static class ClassPalette
{
    /// <summary>PASCAL VOC's own colours for its 21 classes, and bright ones for all others.</summary>
    /// <param name="classNames">By index.</param>
    public static ClassColours Of(IReadOnlyList<string> classNames) =>
        classNames.SequenceEqual(VocClasses.Names) ? ClassColours.ForVoc() : ClassColours.ForNames(classNames);
}
