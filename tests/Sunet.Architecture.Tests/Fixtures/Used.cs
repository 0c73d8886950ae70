namespace Sunet.Architecture.Tests.Fixtures;

/// <summary>The type that the parts of <see cref="Uses"/> use, each in a way of its own.</summary>
internal class Used : IDisposable
{
    public const int Limit = 7;

    public static int Count { get; set; }

    public static T Echo<T>(T value) => value;

    public void Dispose() => Count--;
}
