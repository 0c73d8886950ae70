using System.Text.Json.Nodes;
using Sunet.Native.Checkpoints;
using Sunet.Native.Models.Networks;
using Sunet.Native.Models.Saved;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Checkpoints;
using Sunet.Native.Tests.Files;

namespace Sunet.Native.Tests.Models.Saved;

public sealed class SunetSpecJsonTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Keys => [.. JsonNode.Parse(SunetSpecJson.ToJson(Custom))!.AsObject().Select(pair => pair.Key)];

    private static SunetSpec Named => new()
    {
        Config = SunetConfig.Sunet64,
        Head = SunetHead.Segmenter,
        Classes = 2,
        ClassNames = ["road", "Straße"],
        OutputStride = 16,
        Multigrid = true,
        Degrid = false,
        Normalization = ImageNormalization.ImageNet,
    };

    private static SunetSpec Custom => Named with
    {
        Config = new SunetConfig("custom", 8, 1, [16, 24, 32, 40]) { StemWidth = 12, ResidualWidth = 20 },
        Head = SunetHead.Classifier,
        OutputStride = 32,
    };

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Read_WrittenConfig_GivesBackEveryValue()
    {
        SunetSpecJson.Write(Custom, folder["config.json"]);
        SunetSpec read = SunetSpecJson.Read(folder["config.json"]);
        Assert.Equal(SunetSpecJson.ToJson(Custom), SunetSpecJson.ToJson(read));
        Assert.Equal([16, 24, 32, 40], read.Config.Widths);
        Assert.Equal((8, 1, 12, 20), (read.Config.Filters, read.Config.Depth, read.Config.StemWidth, read.Config.ResidualWidth));
        Assert.Equal(SunetHead.Classifier, read.Head);
        Assert.Equal(["road", "Straße"], read.ClassNames);
        Assert.Equal(ImageNormalization.ImageNet.Mean, read.Normalization.Mean);
        Assert.Equal(ImageNormalization.ImageNet.Deviation, read.Normalization.Deviation);
        Assert.True(read.Multigrid);
        Assert.False(read.Degrid);
        Assert.Same(SunetConfig.Sunet64, SunetSpecJson.Parse(SunetSpecJson.ToJson(Named), "x").Config);
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Parse_KeyMissing_NamesKeyAndFile(string key)
    {
        JsonObject json = JsonNode.Parse(SunetSpecJson.ToJson(Custom))!.AsObject();
        json.Remove(key);
        Assert.Contains($"'{key}'", Refuse(json.ToJsonString()), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Parse_WrongType_NamesKeyAndFile(string key)
    {
        foreach (string wrong in new[] { "null", "{\"a\":1}", "[null]", "1.5", "\"no\"" })
        {
            JsonObject json = JsonNode.Parse(SunetSpecJson.ToJson(Custom))!.AsObject();
            json[key] = JsonNode.Parse(wrong);
            string message = Refuse(json.ToJsonString());
            // An unknown key inside, or a size that does not go with the model, is what is wrong where the type is right.
            Assert.True(
                message.Contains($"'{key}'", StringComparison.Ordinal) || message.Contains("normalization.a", StringComparison.Ordinal)
                || (key == "model" && message.Contains("'filters'", StringComparison.Ordinal)),
                message);
        }
    }

    [Theory]
    [InlineData("\"model\": \"custom\"", "\"model\": \"sunet65\"", "filters")]
    [InlineData("\"model\": \"custom\"", "\"model\": \"custom\", \"modell\": 1", "modell")]
    [InlineData("\"model\": \"custom\"", "\"model\": \"custom\", \"model\": \"custom\"", "model")]
    [InlineData("\"format_version\": 1", "\"format_version\": 2", "format_version")]
    [InlineData("\"filters\": 8", "\"filters\": 0", "filters")]
    [InlineData("\"depth\": 1", "\"depth\": -1", "depth")]
    [InlineData("\"stem_width\": 12", "\"stem_width\": 0", "stem_width")]
    [InlineData("\"residual_width\": 20", "\"residual_width\": 0", "residual_width")]
    [InlineData(" 24,", "", "widths")]
    [InlineData(" 24,", "0,", "widths")]
    [InlineData("\"classes\": 2", "\"classes\": 3", "class_names")]
    [InlineData("\"output_stride\": 32", "\"output_stride\": 12", "output_stride")]
    [InlineData("0.456,", "", "mean")]
    [InlineData("0.456,", "1e99,", "mean")]
    [InlineData("0.224,", "0,", "deviation")]
    [InlineData("0.224,", "1e99,", "deviation")]
    [InlineData("\"mean\"", "\"median\"", "median")]
    [InlineData("\"road\"", "\"\\ud800\"", "Unicode")]
    [InlineData("\"multigrid\": true,", "\"multigrid\": true", "JSON")]
    public void Parse_ValueNotAllowed_SaysWhat(string sound, string planted, string named)
    {
        string json = SunetSpecJson.ToJson(Custom);
        Assert.Contains(sound, json, StringComparison.Ordinal);
        Assert.Contains(named, Refuse(json.Replace(sound, planted, StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"a\":[[[[[[[[[[1]]]]]]]]]]}")]
    public void Parse_NoConfiguration_Throws(string json) => Refuse(json);

    [Fact]
    public void Parse_EveryTruncation_Throws()
    {
        string json = SunetSpecJson.ToJson(Named);
        for (int length = 0; length < json.Length; length++)
            Refuse(json[..length]);
    }

    [Fact]
    public void Read_Missing_Throws() => Assert.Throws<CheckpointException>(() => SunetSpecJson.Read(folder["none.json"]));

    [Fact]
    public void ToJson_ValueOutOfRange_Throws()
    {
        Assert.Throws<ArgumentException>(() => SunetSpecJson.ToJson(Named with { OutputStride = 4 }));
        Assert.Throws<ArgumentException>(() => SunetSpecJson.Write(Named with { Classes = 0, ClassNames = [] }, folder["config.json"]));
        Assert.Empty(folder.Names);
    }

    [Fact]
    public void WeightsSave_ThenReadConfig_PrefersTheEmbeddedOne()
    {
        string path = folder["weights/best.safetensors"];
        WeightsFile.Save(path, Named, Samples.Metadata, Samples.Tensors);
        SunetSpecJson.Write(Custom, folder["weights/config.json"]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.True(file.Verify());
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal(SunetSpecJson.ToJson(Named), SunetSpecJson.ToJson(WeightsFile.ReadConfig(file)));
    }

    [Fact]
    public void ReadConfig_NotEmbedded_UsesTheFileBeside()
    {
        SafetensorsWriter.Write(folder["a.safetensors"], Samples.NoMetadata, Samples.Tensors);
        using SafetensorsFile file = SafetensorsFile.Open(folder["a.safetensors"]);
        CheckpointException e = Assert.Throws<CheckpointException>(() => WeightsFile.ReadConfig(file));
        Assert.Contains("no configuration", e.Message, StringComparison.Ordinal);
        SunetSpecJson.Write(Custom, folder["config.json"]);
        Assert.Equal(SunetSpecJson.ToJson(Custom), SunetSpecJson.ToJson(WeightsFile.ReadConfig(file)));
    }

    /// <summary>Of the Hugging Face mixin, transformers and timm; and what is no JSON, or none that could be a configuration.</summary>
    [Theory]
    [InlineData("{\"num_classes\": 6, \"output_stride\": 8}")]
    [InlineData("{\"architectures\": [\"SegformerForSemanticSegmentation\"], \"model_type\": \"segformer\"}")]
    [InlineData("{\"architecture\": \"sunet64\", \"num_classes\": 6, \"pretrained_cfg\": {\"classifier\": \"head\"}}")]
    [InlineData("{\"format_version\": \"2.0\", \"a\": [[[[[[[[[[1]]]]]]]]]]}")]
    [InlineData("[1, 2")]
    [InlineData("")]
    public void FindConfig_FileOfAnotherProgramBeside_IsPassedOver(string json)
    {
        SafetensorsWriter.Write(folder["a.safetensors"], Samples.NoMetadata, Samples.Tensors);
        File.WriteAllText(folder["config.json"], json);
        using SafetensorsFile file = SafetensorsFile.Open(folder["a.safetensors"]);
        Assert.Null(WeightsFile.FindConfig(file));
    }

    /// <summary>Its values would be missed in silence.</summary>
    [Fact]
    public void FindConfig_DamagedFileOfThisLibraryBeside_IsRefused()
    {
        SafetensorsWriter.Write(folder["a.safetensors"], Samples.NoMetadata, Samples.Tensors);
        string json = SunetSpecJson.ToJson(Custom);
        using SafetensorsFile file = SafetensorsFile.Open(folder["a.safetensors"]);
        foreach (string damaged in new[] { json[..^10], json.Replace("\"depth\": 1", "\"depth\": 0", StringComparison.Ordinal) })
        {
            File.WriteAllText(folder["config.json"], damaged);
            CheckpointException refusal = Assert.Throws<CheckpointException>(() => WeightsFile.FindConfig(file));
            Assert.Contains("config.json", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void WeightsSave_WritesTheSameConfigBeside()
    {
        WeightsFile.Save(folder["best.safetensors"], Named, Samples.NoMetadata, []);
        Assert.Equal(SunetSpecJson.ToJson(Named), File.ReadAllText(folder["config.json"]));
        Assert.Equal(["best.safetensors", "config.json"], folder.Names);
    }

    private static string Refuse(string json)
    {
        CheckpointException e = Assert.Throws<CheckpointException>(() => SunetSpecJson.Parse(json, "some/config.json"));
        Assert.Contains("'some/config.json'", e.Message, StringComparison.Ordinal);
        return e.Message;
    }
}
