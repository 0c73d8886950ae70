using Xunit.Sdk;
using Xunit.v3;

// Every test uses all processors and several count what the native library holds, so they take turns.
[assembly: Parallelization(Mode = ParallelMode.None)]
