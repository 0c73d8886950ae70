using System.Text.Json;
using CommunityToolkit.HighPerformance;
using Sunet.Data.Datasets.Coco;

namespace Sunet.Data.Tests.Datasets.Coco;

/// <summary>
/// Masks equal those of COCO's own tools: <c>coco-masks.json</c> was made with <c>rleFrPoly</c>, <c>rleMerge</c> and <c>rleToString</c> of
/// https://github.com/cocodataset/cocoapi (common/maskApi.c).
/// </summary>
public sealed class MaskTests
{
    private readonly MaskCanvas canvas = new();
    private readonly OutlineDecoder decoder;

    public MaskTests() => decoder = new OutlineDecoder(canvas);

    [Fact]
    public void Decode_Polygons_EqualsTheMasksOfCocosTools() =>
        ForEveryCase((mask, height, width) => Draw(mask.GetProperty("segmentation").GetRawText(), height, width));

    [Fact]
    public void Decode_RunLengthsAsNumbers_EqualsTheMasksOfCocosTools() =>
        ForEveryCase((mask, height, width) =>
            Draw($$"""{"size":[{{height}},{{width}}],"counts":{{mask.GetProperty("counts").GetRawText()}}}""", height, width));

    [Fact]
    public void Decode_RunLengthsAsText_EqualsTheMasksOfCocosTools() =>
        ForEveryCase((mask, height, width) =>
            Draw($$"""{"counts":{{mask.GetProperty("string").GetRawText()}},"size":[{{height}},{{width}}]}""", height, width));

    [Fact]
    public void Decode_OnePolygonWithoutAList_IsThatPolygon() =>
        Assert.Equal(Draw("[[1,1,6,1,6,5,1,5]]", 8, 9), Draw("[1,1,6,1,6,5,1,5]", 8, 9));

    [Theory]
    [InlineData("[]")]
    [InlineData("[[]]")]
    [InlineData("[[1,1]]")]
    [InlineData("[[1,1,7,7]]")]
    public void Decode_FewerThanThreePoints_CoversNothing(string segmentation) =>
        Assert.DoesNotContain((byte)1, Draw(segmentation, 8, 9).Cast<byte>());

    [Fact]
    public void CopyTo_SeveralObjects_ClassesWhereAloneIgnoreWhereTheyOverlap()
    {
        canvas.BeginImage(2, 5);
        DrawObject("[[0,0,3,0,3,2,0,2]]", 20);
        DrawObject("[[2,0,4,0,4,2,2,2]]", 3);
        DrawObject("""{"size":[2,5],"counts":[0,1,9]}""", 20);
        Assert.Equal(new byte[,] { { 255, 20, 255, 3, 0 }, { 20, 20, 255, 3, 0 } }, Labels(2, 5));
    }

    [Fact]
    public void CopyTo_ThreehundredObjectsOnAPixel_IsIgnored()
    {
        canvas.BeginImage(1, 2);
        for (int i = 0; i < 300; i++)
            DrawObject("""{"size":[1,2],"counts":[0,1,1]}""", 1);
        Assert.Equal(new byte[,] { { 255, 0 } }, Labels(1, 2));
    }

    private static void ForEveryCase(Func<JsonElement, int, int, byte[,]> draw)
    {
        using Stream file = typeof(MaskTests).Assembly.GetManifestResourceStream("coco-masks.json")!;
        using JsonDocument masks = JsonDocument.Parse(file);
        Assert.Equal(50, masks.RootElement.GetArrayLength());
        foreach (JsonElement mask in masks.RootElement.EnumerateArray())
        {
            int height = mask.GetProperty("height").GetInt32(), width = mask.GetProperty("width").GetInt32();
            byte[,] expected = Expand(mask.GetProperty("counts"), height, width);
            Assert.True(expected.AsSpan2D().TryGetSpan(out Span<byte> flat));
            Assert.True(draw(mask, height, width).AsSpan2D().TryGetSpan(out Span<byte> drawn));
            Assert.True(flat.SequenceEqual(drawn), $"The mask of '{mask.GetProperty("name")}' differs.");
        }
    }

    private static byte[,] Expand(JsonElement counts, int height, int width)
    {
        var mask = new byte[height, width];
        int position = 0, value = 0;
        foreach (JsonElement count in counts.EnumerateArray())
        {
            for (int end = position + count.GetInt32(); position < end; position++)
                mask[position % height, position / height] = (byte)value;
            value = 1 - value;
        }

        return mask;
    }

    private byte[,] Draw(string segmentation, int height, int width)
    {
        canvas.BeginImage(height, width);
        DrawObject(segmentation, 1);
        return Labels(height, width);
    }

    private void DrawObject(string segmentation, byte label)
    {
        canvas.BeginObject();
        decoder.Decode(System.Text.Encoding.UTF8.GetBytes(segmentation));
        canvas.EndObject(label);
    }

    private byte[,] Labels(int height, int width)
    {
        var labels = new byte[height, width];
        canvas.CopyTo(labels);
        return labels;
    }
}
