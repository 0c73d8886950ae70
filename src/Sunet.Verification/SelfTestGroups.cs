namespace Sunet.Verification;

/// <summary>The names of the groups that checks belong to.</summary>
internal static class SelfTestGroups
{
    public const string Op = "op", Layer = "layer", Golden = "golden", Training = "training";

    public static IReadOnlyList<string> All { get; } = [Op, Layer, Golden, Training];
}
