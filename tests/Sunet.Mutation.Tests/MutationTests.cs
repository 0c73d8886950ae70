using System.Globalization;
using Sunet.Cli;
using Sunet.Mutation.Tests.Subjects;

namespace Sunet.Mutation.Tests;

/// <summary>
/// Thousands of damaged inputs of every format: each is read, or refused with a sentence and an exit code of its own, within ten seconds
/// and a memory budget. The seed is fixed, so that a failure comes again; <c>SUNET_MUTATIONS</c> asks for another number of inputs in all,
/// and <c>SUNET_MUTATION_SEED</c> for others. An input that ends the process stays in <see cref="CurrentFolder"/>.
/// </summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    private const int UsualInputs = 2000;
    private const int SeedStep = 1_000_003;

    /// <summary>Where the input that is being read lies.</summary>
    private static readonly string CurrentFolder = Path.Combine(Path.GetTempPath(), "sunet-mutation");

    private static readonly Subject[] All =
        [.. ImageSubjects.All, .. DatasetSubjects.All, .. CheckpointSubjects.All, .. RunSubjects.All];

    public static TheoryData<string> Names => [.. All.Select(subject => subject.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Run_MutatedInput_EndsWithAnExitCodeOfItsOwn(string name)
    {
        Subject subject = All.Single(s => s.Name == name);
        int inputs = (int)Math.Ceiling(Number("SUNET_MUTATIONS", UsualInputs) * subject.Weight / All.Sum(s => s.Weight));
        int seed = Number("SUNET_MUTATION_SEED", 1);
        string pristine = Fresh(CurrentFolder + "-pristine");
        string relative = Path.GetRelativePath(pristine, subject.Make(pristine));
        byte[] original = File.ReadAllBytes(Path.Combine(pristine, relative));
        string folder = Copy(pristine);
        MutatedRun sound = Run(subject, folder);
        Assert.True(sound.Code == 0, $"The input is not sound before it is changed: {sound.Error}");

        int accepted = 0;
        var slowest = TimeSpan.Zero;
        long largest = 0;
        var problems = new List<string>();
        for (int input = 0; input < inputs; input++)
        {
            if (subject.ChangesFolder)
                Copy(pristine);
            byte[] changed = subject.Repair(new Mutator(unchecked((seed * SeedStep) + input)).Mutate(original, subject.IsText));
            File.WriteAllBytes(Path.Combine(folder, relative), changed);
            long budget = ((long)subject.Megabytes << 20) + (2 * changed.Length);
            MutatedRun run = Run(subject, folder);
            if (run.PeakBytes > budget)
                run = Again(subject, pristine, folder, relative, changed);
            (accepted, largest) = (accepted + (run.Code == 0 ? 1 : 0), Math.Max(largest, run.PeakBytes));
            slowest = run.Duration > slowest ? run.Duration : slowest;
            if (run.Problem(budget) is not { } problem)
                continue;
            string kept = Keep(name, input, changed);
            problems.Add($"{kept}: {problem}");
            if (run.Code is null)
                break;
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name}: {inputs} inputs, {accepted} accepted, slowest {slowest.TotalSeconds:F2} s, largest {largest >> 20} MB"));
        Assert.True(problems.Count == 0, string.Join('\n', problems));
    }

    private static MutatedRun Run(Subject subject, string folder) => MutatedRun.Of(
        error => CommandLineHost.Run(subject.Command(folder), TextWriter.Null, error, CancellationToken.None));

    // Memory that earlier inputs left behind may have been counted; without it the number is the input's own.
    private static MutatedRun Again(Subject subject, string pristine, string folder, string relative, byte[] changed)
    {
        if (subject.ChangesFolder)
            Copy(pristine);
        File.WriteAllBytes(Path.Combine(folder, relative), changed);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return Run(subject, folder);
    }

    private static string Keep(string name, int input, byte[] changed)
    {
        string folder = Directory.CreateDirectory(CurrentFolder + "-failed").FullName;
        string file = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{name.Replace(' ', '-')}-{input}"));
        File.WriteAllBytes(file, changed);
        return file;
    }

    private static string Copy(string pristine)
    {
        string folder = Fresh(CurrentFolder);
        foreach (string file in Directory.GetFiles(pristine, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(folder, Path.GetRelativePath(pristine, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return folder;
    }

    private static string Fresh(string folder)
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        return Directory.CreateDirectory(folder).FullName;
    }

    private static int Number(string variable, int usual) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : usual;
}
