using Sunet.Native.Interop.Host;
using Sunet.Native.Tests.Files;

namespace Sunet.Native.Tests.Interop.Host;

/// <summary>What control groups leave, read from files as Linux has them.</summary>
public sealed class ControlGroupTests : IDisposable
{
    private const string Version1 = "34 30 0:31 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory";
    private const string Version2 = "29 25 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Limits_NoGroups_AreNone()
    {
        ControlGroup group = Group();
        Assert.Equal((long.MaxValue, long.MaxValue, long.MaxValue), (group.MemoryLimit(), group.MemoryLeft(), group.ThreadsLeft()));
    }

    [Fact]
    public void MemoryLeft_Version1_IsTheLimitWithoutWhatIsUsedForOtherThanFiles()
    {
        Processes("4:memory:/app", Version1);
        Files("sys/fs/cgroup/memory/app", ("memory.limit_in_bytes", "1000"), ("memory.usage_in_bytes", "700"),
            ("memory.stat", "inactive_file 1\nactive_file 2\ntotal_active_file 100\ntotal_inactive_file 50"));
        Files("sys/fs/cgroup/memory", ("memory.limit_in_bytes", "9223372036854771712"), ("memory.usage_in_bytes", "800"));
        Assert.Equal((1000, 450), (Group().MemoryLimit(), Group().MemoryLeft()));
    }

    [Theory]
    [InlineData("max", 1200, 700)] // the outer group's limit alone
    [InlineData("900", 900, 500)]
    [InlineData("100", 100, 0)] // lowered below what is used
    public void MemoryLeft_Version2_IsTheLeastOfAllGroupsTheProcessIsIn(string inner, long limit, long left)
    {
        Processes("0::/outer/inner", Version2);
        Files("sys/fs/cgroup/outer/inner", ("memory.max", inner), ("memory.current", "400"), ("memory.stat", "anon 400\nfile 0"));
        Files("sys/fs/cgroup/outer", ("memory.max", "1200"), ("memory.current", "500"));
        Assert.Equal((limit, left), (Group().MemoryLimit(), Group().MemoryLeft()));
    }

    [Fact]
    public void MemoryLeft_ContainerThatSeesItsOwnGroupOnly_IsThatGroups()
    {
        Processes("4:memory:/docker/abc", "34 30 0:31 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory");
        Files("sys/fs/cgroup/memory", ("memory.limit_in_bytes", "1000"), ("memory.usage_in_bytes", "300"));
        Assert.Equal(700, Group().MemoryLeft());
    }

    [Fact]
    public void MemoryLeft_ProcessOutsideOfWhatIsMounted_IsThatOfTheMount()
    {
        Processes("0::/../other", Version2);
        Files("sys/fs/cgroup", ("memory.max", "1000"), ("memory.current", "300"));
        Assert.Equal(700, Group().MemoryLeft());
    }

    [Theory]
    [InlineData("300", 260)]
    [InlineData("max", long.MaxValue)]
    public void ThreadsLeft_EitherVersion_IsTheLimitWithoutThoseThatRun(string limit, long left)
    {
        Processes("8:pids:/app", "40 30 0:37 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids");
        Files("sys/fs/cgroup/pids/app", ("pids.max", limit), ("pids.current", "40"));
        Assert.Equal(left, Group().ThreadsLeft());
        File.WriteAllText(folder["proc/self/mountinfo"], Version2);
        File.WriteAllText(folder["proc/self/cgroup"], "0::/app\n");
        Files("sys/fs/cgroup/app", ("pids.max", limit), ("pids.current", "40"));
        Assert.Equal(left, Group().ThreadsLeft());
    }

    [Fact]
    public void AvailableBytes_ThisProcess_AreSomeAndNoMoreThanThereAre()
    {
        Assert.InRange(HostMemory.TotalBytes, 1 << 20, long.MaxValue - 1);
        Assert.True(HostMemory.AvailableBytes > 0);
    }

    private ControlGroup Group() => new(folder["."]);

    private void Processes(string group, string mount)
    {
        Directory.CreateDirectory(folder["proc/self"]);
        File.WriteAllText(folder["proc/self/cgroup"], group + "\n");
        File.WriteAllText(folder["proc/self/mountinfo"], mount + "\n");
    }

    private void Files(string group, params ReadOnlySpan<(string Name, string Text)> files)
    {
        Directory.CreateDirectory(folder[group]);
        foreach ((string name, string text) in files)
            File.WriteAllText(Path.Combine(folder[group], name), text + "\n");
    }
}
