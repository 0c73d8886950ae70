using Xunit.Sdk;
using Xunit.v3;

// The memory of one run is told by the process's peak, so nothing else may run.
[assembly: Parallelization(Mode = ParallelMode.None)]
