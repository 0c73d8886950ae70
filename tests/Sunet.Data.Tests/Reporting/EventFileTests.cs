using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Sunet.Data.Images;
using Sunet.Data.Reporting;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Reporting;

/// <summary>Event files, read back by a reader of their own that knows the published format and nothing of the writer.</summary>
public sealed class EventFileTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>RFC 3720, appendix B.4, and the usual check value.</summary>
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", 0x8A9136AA)]
    [InlineData("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", 0x62A8AB43)]
    [InlineData("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", 0x46DD794E)]
    [InlineData("313233343536373839", 0xE3069283)]
    [InlineData("", 0)]
    public void Crc32C_KnownBytes_GiveTheirKnownSum(string hex, uint expected) =>
        Assert.Equal(expected, EventRecord.Crc32C(Convert.FromHexString(hex)));

    [Fact]
    public void Write_Scalars_ComeBackUnderTheirTags()
    {
        EventFile events = EventFile.Begin(folder.Root, 0);
        events.Write(1, [("train/loss", 0.75), ("metrics/mIoU", double.NaN), ("lr/pg0", 0.01)]);
        events.Write(300, [("train/loss", 0.5), ("metrics/mIoU", 62.5)]);
        List<Event> read = ReadAll();
        Assert.Equal("brain.Event:2", read[0].FileVersion);
        Assert.True(read[1].Restarts);
        Assert.Equal(
            [(1, "train/loss", 0.75f), (1, "lr/pg0", 0.01f), (300, "train/loss", 0.5f), (300, "metrics/mIoU", 62.5f)],
            read.SelectMany(e => e.Scalars.Select(s => (e.Step, s.Tag, s.Value))));
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        Assert.All(read, e => Assert.InRange(e.WallTime, now - 600, now + 1));
        Assert.Matches("^events\\.out\\.tfevents\\.[0-9]{10}\\.", Path.GetFileName(Assert.Single(Files())));
    }

    [Fact]
    public void WritePicture_Png_ComesBackWithItsSize()
    {
        string picture = folder.At("picture.png");
        ImageWriter.WritePng(picture, new Rgb[3, 200]);
        EventFile.Begin(folder.Root, 0).WritePicture(4, "val/pred", picture);
        Event read = ReadAll()[^1];
        Assert.Equal((4, "val/pred", 3, 200), (read.Step, read.ImageTag, read.ImageHeight, read.ImageWidth));
        Assert.Equal(File.ReadAllBytes(picture), read.Image);
        string damaged = folder.WriteText("no picture", "text.png");
        Assert.Throws<DataException>(() => EventFile.Begin(folder.Root, 0).WritePicture(4, "val/pred", damaged));
    }

    [Fact]
    public void Begin_RunThatGoesOn_HasEveryStepOnce()
    {
        EventFile first = EventFile.Begin(folder.Root, 0);
        for (int epoch = 1; epoch <= 5; epoch++)
            first.Write(epoch, [("train/loss", epoch)]);
        EventFile second = EventFile.Begin(folder.Root, 3);
        for (int epoch = 4; epoch <= 6; epoch++)
            second.Write(epoch, [("train/loss", 10 + epoch)]);
        EventFile.Begin(folder.Root, 5).Write(6, [("train/loss", 26)]);
        List<Event> read = ReadAll();
        Assert.Equal([1, 2, 3, 14, 15, 26], read.SelectMany(e => e.Scalars).Select(s => s.Value));
        Assert.Equal([1, 4, 6], read.Where(e => e.Restarts).Select(e => e.Step));
        Assert.Equal(3, Files().Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(45)]
    public void Begin_ProcessDiedWithinARecord_KeepsTheWholeOnes(int missing)
    {
        EventFile first = EventFile.Begin(folder.Root, 0);
        first.Write(1, [("train/loss", 1)]);
        first.Write(2, [("train/loss", 2)]);
        string file = Assert.Single(Files());
        byte[] bytes = File.ReadAllBytes(file);
        File.WriteAllBytes(file, bytes[..^missing]);
        EventFile.Begin(folder.Root, 1).Write(2, [("train/loss", 12)]);
        Assert.Equal([1, 12], ReadAll().SelectMany(e => e.Scalars).Select(s => s.Value));
    }

    [Fact]
    public void Begin_RunThatBeginsAnew_RemovesTheEarlierOneAndNothingElse()
    {
        EventFile.Begin(folder.Root, 0).Write(1, [("train/loss", 1)]);
        string other = folder.WriteText("another tool's", "events.out.tfevents.1700000000.host");
        EventFile.Begin(folder.Root, 0).Write(1, [("train/loss", 2)]);
        Assert.Equal([2], ReadAll().SelectMany(e => e.Scalars).Select(s => s.Value));
        Assert.Equal("another tool's", File.ReadAllText(other));
    }

    [Fact]
    public void Begin_DamagedFile_IsCutWhereTheDamageBegins()
    {
        EventFile.Begin(folder.Root, 0).Write(1, [("train/loss", 1)]);
        string file = Assert.Single(Files());
        byte[] sound = File.ReadAllBytes(file);
        int first = Records(sound).First().Length + 16;
        for (int at = 0; at < sound.Length; at++)
        {
            byte[] damaged = [.. sound];
            damaged[at] ^= 0x10;
            File.WriteAllBytes(file, damaged);
            File.Delete(Assert.Single(Begun()));

            // Without its first record nothing tells it from a file of something else.
            if (at < first)
                Assert.Equal(damaged, File.ReadAllBytes(file));
            else
                Assert.True(new FileInfo(file).Length < sound.Length, $"Damage at byte {at} was not seen.");
        }

        string[] Begun()
        {
            EventFile.Begin(folder.Root, 7);
            return [.. Files().Where(f => f != file)];
        }
    }

    /// <summary>A file with a hole takes no space, and reading all of it would take gigabytes.</summary>
    [Fact]
    public void Begin_FileOver2Gigabytes_IsCutBehindItsRecords()
    {
        EventFile first = EventFile.Begin(folder.Root, 0);
        for (int epoch = 1; epoch <= 3; epoch++)
            first.Write(epoch, [("train/loss", epoch)]);
        string file = Assert.Single(Files());
        long length = new FileInfo(file).Length;
        using (var stream = new FileStream(file, FileMode.Open))
            stream.SetLength(2200L << 20);
        long before = GC.GetAllocatedBytesForCurrentThread();
        EventFile.Begin(folder.Root, 3);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        Assert.Equal(length, new FileInfo(file).Length);
    }

    /// <summary>
    /// Records before the tail are stepped over: their sums are not looked at, which would take reading a hole of three gigabytes here.
    /// </summary>
    [Fact]
    public void Begin_LongRecordBeforeTheTail_IsNotRead()
    {
        const long size = 3L << 30;
        EventFile.Begin(folder.Root, 0).Write(1, [("train/loss", 1)]);
        string file = Assert.Single(Files());
        using (var stream = new FileStream(file, FileMode.Append))
        {
            byte[] header = new byte[EventRecord.HeaderBytes];
            BinaryPrimitives.WriteInt64LittleEndian(header, size);
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(sizeof(long)), Masked(header.AsSpan(0, sizeof(long))));
            stream.Write(header);
            stream.Write(EventMessage.Scalars(0, 2, []));
        }

        using (var stream = new FileStream(file, FileMode.Open))
        {
            long end = stream.Length - EventMessage.Scalars(0, 2, []).Length + size + EventRecord.FooterBytes;
            stream.SetLength(end);
            stream.Position = end;
            for (int epoch = 3; epoch < 20_000; epoch++)
                EventRecord.Write(stream, EventMessage.Scalars(0, epoch, [("train/loss", epoch), ("metrics/mIoU", epoch)]));
        }

        long length = new FileInfo(file).Length;
        EventFile.Begin(folder.Root, 20_000);
        Assert.Equal(length, new FileInfo(file).Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Begin_WhatOnlyHasAnEventFilesName_IsLeftAlone(long step)
    {
        string text = folder.WriteText("somebody's notes", "events.out.tfevents.1.sunet");
        string empty = folder.WriteText("", "events.out.tfevents.2.sunet");
        string victim = folder.WriteText("victim", "other", "victim.txt"), link = folder.At("events.out.tfevents.3.sunet");
        File.CreateSymbolicLink(link, victim);
        using (Process made = Process.Start("mkfifo", [folder.At("events.out.tfevents.4.sunet")]))
            made.WaitForExit();
        EventFile.Begin(folder.Root, step).Write(step + 1, [("train/loss", 1)]);
        Assert.Equal(("somebody's notes", ""), (File.ReadAllText(text), File.ReadAllText(empty)));
        Assert.Equal("victim", File.ReadAllText(victim));
        Assert.Equal(victim, new FileInfo(link).LinkTarget);
        Assert.True(File.Exists(folder.At("events.out.tfevents.4.sunet")));
    }

    [Fact]
    public void Write_FileBecameALink_IsRefused()
    {
        EventFile events = EventFile.Begin(folder.Root, 0);
        string file = Assert.Single(Files()), victim = folder.WriteText("victim", "other", "victim.txt");
        File.Delete(file);
        File.CreateSymbolicLink(file, victim);
        Assert.Throws<DataException>(() => events.Write(1, [("train/loss", 1)]));
        Assert.Equal("victim", File.ReadAllText(victim));
    }

    [Fact]
    public void Begin_FolderThatIsNotThere_IsADataFailure() =>
        Assert.Throws<DataException>(() => EventFile.Begin(folder.At("missing"), 0));

    private string[] Files() => [.. Directory.GetFiles(folder.Root, "events.out.tfevents.*.sunet").Order(StringComparer.Ordinal)];

    private List<Event> ReadAll() => [.. Files().SelectMany(file => Records(File.ReadAllBytes(file))).Select(Event.Parse)];

    private static IEnumerable<byte[]> Records(byte[] file)
    {
        for (int at = 0; at < file.Length;)
        {
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
            Assert.Equal(Masked(file.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            Assert.Equal(Masked(file.AsSpan(at + 12, length)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
            yield return file[(at + 12)..(at + 12 + length)];
            at += length + 16;
        }
    }

    /// <summary>CRC-32C bit by bit, rotated and shifted as TFRecord says.</summary>
    private static uint Masked(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
        }

        crc = ~crc;
        return ((crc >> 15) | (crc << 17)) + 0xA282EAD8;
    }

    private sealed class Event
    {
        public double WallTime { get; private set; }

        public long Step { get; private set; }

        public string? FileVersion { get; private set; }

        public bool Restarts { get; private set; }

        public List<(string Tag, float Value)> Scalars { get; } = [];

        public string? ImageTag { get; private set; }

        public int ImageHeight { get; private set; }

        public int ImageWidth { get; private set; }

        public byte[]? Image { get; private set; }

        public static Event Parse(byte[] message)
        {
            var result = new Event();
            foreach ((int field, ulong number, byte[] bytes) in Fields(message))
            {
                switch (field)
                {
                    case 1:
                        result.WallTime = BitConverter.UInt64BitsToDouble(number);
                        break;
                    case 2:
                        result.Step = (long)number;
                        break;
                    case 3:
                        result.FileVersion = Encoding.UTF8.GetString(bytes);
                        break;
                    case 5:
                        foreach ((int _, ulong _, byte[] value) in Fields(bytes).Where(f => f.Field == 1))
                            result.AddValue(value);
                        break;
                    case 7:
                        result.Restarts = Fields(bytes).Single() is (1, 1, _);
                        break;
                    default:
                        Assert.Fail($"An event has no field {field}.");
                        break;
                }
            }

            return result;
        }

        private void AddValue(byte[] message)
        {
            string tag = "";
            foreach ((int field, ulong number, byte[] bytes) in Fields(message))
            {
                if (field == 1)
                    tag = Encoding.UTF8.GetString(bytes);
                else if (field == 2)
                    Scalars.Add((tag, BitConverter.UInt32BitsToSingle((uint)number)));
                else if (field == 4)
                    AddImage(tag, bytes);
            }
        }

        private void AddImage(string tag, byte[] message)
        {
            var fields = Fields(message).ToDictionary(f => f.Field);
            (ImageTag, ImageHeight, ImageWidth) = (tag, (int)fields[1].Number, (int)fields[2].Number);
            Assert.Equal(3UL, fields[3].Number);
            Image = fields[4].Bytes;
        }

        private static IEnumerable<(int Field, ulong Number, byte[] Bytes)> Fields(byte[] message)
        {
            for (int at = 0; at < message.Length;)
            {
                ulong key = Varint(message, ref at);
                int field = (int)(key >> 3);
                switch (key & 7)
                {
                    case 0:
                        yield return (field, Varint(message, ref at), []);
                        break;
                    case 1:
                        yield return (field, BinaryPrimitives.ReadUInt64LittleEndian(message.AsSpan(at)), []);
                        at += 8;
                        break;
                    case 2:
                        int length = (int)Varint(message, ref at);
                        yield return (field, 0, message[at..(at + length)]);
                        at += length;
                        break;
                    default:
                        yield return (field, BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(at)), []);
                        at += 4;
                        break;
                }
            }
        }

        private static ulong Varint(byte[] message, ref int at)
        {
            ulong value = 0;
            for (int shift = 0; ; shift += 7)
            {
                value |= (ulong)(message[at] & 0x7F) << shift;
                if (message[at++] < 0x80)
                    return value;
            }
        }
    }
}
