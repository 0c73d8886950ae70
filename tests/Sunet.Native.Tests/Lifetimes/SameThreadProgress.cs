namespace Sunet.Native.Tests.Lifetimes;

/// <summary>Progress that calls back on the thread that reports.</summary>
internal sealed class SameThreadProgress<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
