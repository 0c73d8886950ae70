using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Sunet.Bench;
using Sunet.Bench.Guard;
using Sunet.Bench.Guard.Throughput;
using Sunet.Cli;
using Sunet.Cli.Output;

if (args is [GuardCommand.Verb, .. var rest])
{
    using var signals = new ShutdownSignals();
    int code = GuardCommand.Run(rest, Checks.All, new CommandOutput(Console.Out, Console.Error), signals.Token);
    return code == ExitCodes.Interrupted ? signals.ExitCode : code;
}

if (args is [Memory.TilesVerb, var side])
{
    Console.WriteLine(Memory.Tiles(int.Parse(side, CultureInfo.InvariantCulture)));
    return ExitCodes.Success;
}

if (args is [Streams.Verb, var images])
{
    Console.WriteLine(Streams.Long(int.Parse(images, CultureInfo.InvariantCulture)));
    return ExitCodes.Success;
}

if (args is [GradientErrors.Verb, var data, var weights, var batches])
{
    using var signals = new ShutdownSignals();
    GradientErrors.Write(data, weights, int.Parse(batches, CultureInfo.InvariantCulture), Console.Out, signals.Token);
    return ExitCodes.Success;
}

// In this process, not in a generated project: that would have to be restored and built first, and would not find the native library.
Job job = Job.Default
    .WithToolchain(InProcessEmitToolchain.Instance)
    .WithWarmupCount(3)
    .WithIterationCount(8)
    .WithUnrollFactor(1);
IConfig config = DefaultConfig.Instance
    .AddJob(job)
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddColumn(StatisticColumn.Median)
    .HideColumns(Column.Job, Column.Toolchain, Column.IterationCount, Column.WarmupCount, Column.UnrollFactor);
BenchmarkSwitcher.FromAssembly(typeof(GuardCommand).Assembly).Run(args, config);
return ExitCodes.Success;
