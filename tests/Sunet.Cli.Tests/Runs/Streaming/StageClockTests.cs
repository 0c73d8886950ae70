using Sunet.Cli.Runs.Streaming;

namespace Sunet.Cli.Tests.Runs.Streaming;

/// <summary>Which stage is the limit, by a clock that only the test moves.</summary>
public sealed class StageClockTests
{
    private readonly StoppedTime time = new();

    [Fact]
    public void Times_OfAWholeRun_AreThoseOfItsStates()
    {
        StageClock clock = Start(lanes: 2);
        Pass(1); // decode: nothing is there yet
        clock.BatchBegins();
        Pass(2); // decode: a lane is idle
        clock.BatchBegins();
        clock.Wanted(false);
        Pass(4); // segment: both lanes run
        clock.BatchEnds();
        Pass(8); // encode: a lane is idle, and the segmenter has no room for more
        clock.Wanted(true);
        clock.WithoutRoom(true);
        Pass(16); // encode: no image can be begun
        clock.WithoutRoom(false);
        Pass(32); // decode
        clock.Ended();
        Pass(64); // segment: the last batch
        clock.BatchEnds();
        Pass(128); // encode: only that is left
        AssertTimes(clock, 35, 68, 152);
    }

    [Fact]
    public void Times_SegmentingFillsTheDevice_IsTheLimitWhateverElseWaits()
    {
        StageClock clock = Start(lanes: 1);
        clock.BatchBegins();
        clock.WithoutRoom(true);
        Pass(3);
        clock.Ended();
        Pass(4);
        AssertTimes(clock, 0, 7, 0);
    }

    [Fact]
    public void Start_Again_ForgetsTheRunBefore()
    {
        StageClock clock = Start(lanes: 1);
        clock.Ended();
        Pass(5);
        clock.Start();
        Pass(2);
        AssertTimes(clock, 2, 0, 0);
    }

    [Fact]
    public void Shares_OfTimes_AddUpToOneAndAreWritten()
    {
        StageTimes times = StageTimes.OfPipeline(Seconds(1), Seconds(6), Seconds(1), "encode")
            .Plus(StageTimes.OfPipeline(Seconds(1), Seconds(6), Seconds(1), "encode"));
        Assert.Equal(1, Enumerable.Range(0, 3).Sum(times.Share), 1e-12);
        Assert.Equal("time by the stage that was the limit: decode 12.50 %, segment 75.00 %, encode 12.50 %", times.Text);
        Assert.Equal(StageTimes.Heading + "decode 25.00 %, segment 75.00 %", StageTimes.OfLoader(Seconds(1), Seconds(4)).Text);
        Assert.Equal(StageTimes.Heading + "decode - %, segment - %", StageTimes.OfLoader(Seconds(0), Seconds(0)).Text);
    }

    private static TimeSpan Seconds(int count) => TimeSpan.FromSeconds(count);

    private static void AssertTimes(StageClock clock, params int[] seconds) => Assert.Equal(
        ["decode", "segment", "encode"], clock.Times.Stages.Zip(seconds).Select(stage =>
        {
            Assert.Equal(Seconds(stage.Second), stage.First.Time);
            return stage.First.Name;
        }));

    private StageClock Start(int lanes)
    {
        var clock = new StageClock(lanes, "encode", time);
        clock.Start();
        return clock;
    }

    private void Pass(int seconds) => time.Now += seconds;

    private sealed class StoppedTime : TimeProvider
    {
        public long Now { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Now;
    }
}
