// Every test uses all processors and several count what the native library holds, so they take turns.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
