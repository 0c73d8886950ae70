namespace Sunet.Native.Backends;

/// <summary>How a device does most work where many inputs of one size wait.</summary>
/// <param name="BatchSize">Inputs that run together.</param>
/// <param name="Concurrency">Sessions that run at a time, each opened for that number.</param>
public readonly record struct BatchingHint(int BatchSize, int Concurrency);
