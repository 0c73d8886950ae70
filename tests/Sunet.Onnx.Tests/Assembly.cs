using Xunit.Sdk;
using Xunit.v3;

// Every comparison uses all processors, so they take turns.
[assembly: Parallelization(Mode = ParallelMode.None)]
