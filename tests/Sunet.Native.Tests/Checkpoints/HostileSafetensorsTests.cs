using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Sunet.Native.Checkpoints;
using Sunet.Native.Tests.Files;

namespace Sunet.Native.Tests.Checkpoints;

public sealed class HostileSafetensorsTests : IDisposable
{
    private const string W = """{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Open_EveryTruncation_IsRefused()
    {
        byte[] bytes = Samples.Bytes();
        for (int length = 0; length < bytes.Length; length++)
        {
            CheckpointException e = Refuse(bytes[..length]);
            Assert.Contains("truncated", e.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Verify_EveryFlippedBit_IsFound(bool digest)
    {
        byte[] bytes = Samples.Bytes(digest);
        int dataStart = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        int refused = 0, accepted = 0;
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit >> 3] ^= (byte)(1 << (bit & 7));
            File.WriteAllBytes(folder["a"], bytes);
            bytes[bit >> 3] ^= (byte)(1 << (bit & 7));
            if (IsIntact(folder["a"], digest))
                accepted++;
            else
                refused++;
        }

        Assert.Equal(bytes.Length * 8, refused + accepted);
        Assert.True(refused > 1000);
        if (digest)
            Assert.Equal(0, accepted);
        else
            Assert.True(accepted >= (bytes.Length - dataStart) * 8);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData(" {}")]
    [InlineData("{")]
    [InlineData("{}x")]
    [InlineData("{} {}")]
    [InlineData("{\"w\":" + W)]
    [InlineData("{\"w\":" + W + ",}")]
    [InlineData("{\"w\":" + W + "}/**/")]
    [InlineData("{\"w\":" + W + ",\"w\":" + W + "}")]
    [InlineData("{\"w\":" + W + ",\"v\":" + W + "}")] // overlap
    [InlineData("{\"w\":" + W + ",\"\\u0077\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[8,8]}}")] // the same name, escaped
    [InlineData("{\"__metadata__\":{},\"w\":" + W + ",\"__metadata__\":{}}")]
    [InlineData("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"},\"w\":" + W + "}")]
    [InlineData("{\"__metadata__\":{\"a\":1},\"w\":" + W + "}")]
    [InlineData("{\"__metadata__\":[],\"w\":" + W + "}")]
    [InlineData("{\"__metadata__\":null,\"w\":" + W + "}")]
    [InlineData("{\"__metadata__\":{\"a\":\"\\ud800\"},\"w\":" + W + "}")]
    [InlineData("{\"\\udc00\":" + W + "}")]
    [InlineData("""{"w":[]}""")]
    [InlineData("""{"w":{}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2]}}""")]
    [InlineData("""{"w":{"shape":[2],"data_offsets":[0,8]}}""")]
    [InlineData("""{"w":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":1}}""")]
    [InlineData("""{"w":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}""")]
    [InlineData("""{"w":{"dtype":7,"shape":[2],"data_offsets":[0,8]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[[2]],"data_offsets":[0,8]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8,16]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""")] // a hole before it
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""")] // bytes behind it
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"v":{"dtype":"U8","shape":[1],"data_offsets":[7,8]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2147483647,2147483647,2147483647],"data_offsets":[0,8]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[65536,65536,65536,65536,2],"data_offsets":[0,0]}}""")] // 2^64 elements wrap to 0
    [InlineData("""{"w":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}""")]
    [InlineData("""{"w":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,8]}}""")]
    [InlineData("""{"w":{"dtype":"U8","shape":[2147483647,2147483647],"data_offsets":[9223372036854775806,9223372036854775807]}}""")]
    public void Open_PlantedHeader_IsRefused(string header) => Refuse(Samples.File(header, 8));

    [Fact]
    public void Open_PlantedHeadersTemplate_IsAcceptedWhenSound()
    {
        File.WriteAllBytes(folder["a"], Samples.File("{\"__metadata__\":{\"a\":\"1\"},\"w\":" + W + "} ", 8));
        using SafetensorsFile file = SafetensorsFile.Open(folder["a"]);
        Assert.Equal([0f, 0f], file.Floats("w"));
    }

    [Fact]
    public void Open_HeaderThatIsNotUtf8_IsRefused()
    {
        byte[] header = Encoding.UTF8.GetBytes("{\"?\":" + W + "}");
        header[2] = 0xff;
        Assert.Contains("UTF-8", Refuse(Samples.File(header, 8)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    [InlineData(1_000UL)]
    [InlineData(100_000_001UL)]
    [InlineData(0x7fff_ffff_ffff_ffffUL)]
    [InlineData(0x8000_0000_0000_0000UL)]
    [InlineData(ulong.MaxValue)]
    public void Open_HeaderLengthBeyondTheFileOrTheCap_IsRefused(ulong length)
    {
        byte[] bytes = Samples.Bytes();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        Refuse(bytes);
    }

    [Fact]
    public void Open_MissingFileOrFolder_SaysWhich()
    {
        foreach ((string path, string reason) in new[]
        {
            (folder["none"], "does not exist"), (folder["no/ne"], "does not exist"), (folder.Path, "cannot be read"),
        })
        {
            CheckpointException e = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path));
            Assert.Contains($"'{path}' {reason}", e.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("deep")]
    [InlineData("tensors")]
    [InlineData("metadata")]
    [InlineData("text")]
    [InlineData("name")]
    [InlineData("shape")]
    [InlineData("escapes")]
    public void Open_LargeHostileHeader_StaysWithinTimeAndMemory(string kind)
    {
        const int Size = 20_000_000;
        byte[] bytes = Samples.File(LargeHeader(kind, Size), 0);
        File.WriteAllBytes(folder["a"], bytes);
        long allowed = (64L << 20) + (2L * bytes.Length);

        long before = GC.GetAllocatedBytesForCurrentThread();
        long started = Stopwatch.GetTimestamp();
        try
        {
            SafetensorsFile.Open(folder["a"]).Dispose();
            Assert.Equal("name", kind); // the one that is large but sound
        }
        catch (CheckpointException e)
        {
            Assert.True(e.Message.Length < 1000);
        }

        TimeSpan took = Stopwatch.GetElapsedTime(started);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated <= allowed, $"{allocated} bytes were allocated; {allowed} are allowed.");

        // It takes a tenth of a second; what grows with the square of the header would take minutes, on any machine.
        Assert.True(took < TimeSpan.FromSeconds(20), $"It took {took}.");
    }

    private static string LargeHeader(string kind, int size)
    {
        const string Empty = """{"dtype":"U8","shape":[0],"data_offsets":[0,0]}""";
        return kind switch
        {
            "deep" => "{\"w\":" + new string('[', size),
            "tensors" => "{" + string.Join(",", Enumerable.Range(0, size / 60).Select(i => $"\"{i}\":{Empty}")) + "}",
            "metadata" => "{\"__metadata__\":{" + string.Join(",", Enumerable.Range(0, size / 12).Select(i => $"\"{i}\":\"\"")) + "}}",
            "text" => "{\"__metadata__\":{\"a\":\"" + new string('x', size) + "\"}}",
            "name" => "{\"" + new string('x', size) + "\":" + Empty + "}",
            "shape" => "{\"w\":{\"dtype\":\"U8\",\"shape\":[" + string.Join(",", Enumerable.Repeat("1", size / 2)) + "]}}",
            "escapes" => "{\"__metadata__\":{\"" + string.Concat(Enumerable.Repeat("\\u0041", size / 6)) + "\":\"\"}}",
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
    }

    private static bool IsIntact(string path, bool digest)
    {
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            bool verified = file.Verify();
            // Whatever was accepted can be read to its end.
            foreach (string name in file.Names)
            {
                Assert.True(file.TryGet(name, out SafetensorsEntry? entry));
                if (entry.DataType == Sunet.Native.Tensors.DataType.Float32)
                    Assert.Equal(entry.Count, file.Floats(name).ToArray().Length);
            }

            return verified == digest;
        }
        catch (CheckpointException)
        {
            return false;
        }
    }

    private CheckpointException Refuse(byte[] bytes)
    {
        File.WriteAllBytes(folder["a"], bytes);
        CheckpointException e = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(folder["a"]));
        Assert.Contains(folder["a"], e.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", e.Message, StringComparison.Ordinal);
        Assert.Equal(folder["a"], e.Path);
        return e;
    }
}
