using Sunet.Cli.Output;

namespace Sunet.Cli.Tests.Settings;

/// <summary>A word that is misspelt is answered with the one that was meant.</summary>
public sealed class DidYouMeanTests
{
    [Theory]
    [InlineData("trian", "'trian'. Did you mean 'train'? See 'sunet --help'.")]
    [InlineData("slftest", "'slftest'. Did you mean 'selftest'? See 'sunet --help'.")]
    [InlineData("data cehck x", "'cehck'. Did you mean 'check'? See 'sunet data --help'.")]
    [InlineData("train --epoch 3", "'--epoch'. Did you mean '--epochs'? See 'sunet train --help'.")]
    [InlineData("train --epoch=3", "'--epoch=3'. Did you mean '--epochs'? See 'sunet train --help'.")]
    [InlineData("val --weigths x", "'--weigths'. Did you mean '--weights'? See 'sunet val --help'.")]
    [InlineData("train --no-flp", "'--no-flp'. Did you mean '--no-flip'? See 'sunet train --help'.")]
    [InlineData("train --lerning-rate 1", "'--lerning-rate'. See 'sunet train --help'.")]
    [InlineData("bench compare --contendr x", "'--contendr'. See 'sunet bench compare --help'.")]
    [InlineData("frobnicate", "'frobnicate'. See 'sunet --help'.")]
    public void AnyVerb_UnknownWord_IsGuessed(string args, string said)
    {
        CommandResult result = CommandResult.Of(args.Split(' '));
        Assert.Equal(1, result.Code);
        Assert.EndsWith("Unrecognized command or argument " + said, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("info --model sunet46", "There is no model 'sunet46'", " Did you mean 'sunet64'?")]
    [InlineData("info --recipe citiscapes", "There is no recipe 'citiscapes'", " Did you mean 'cityscapes'?")]
    [InlineData("info --recipe nothing-like", "There is no recipe 'nothing-like'", ".")]
    [InlineData("train --data . --schedule cosin", "one of cosine, step, poly, constant is needed", " Did you mean 'cosine'?")]
    [InlineData("info --model sunet64 --precision bf61", "one of float32, tf32, bf16 is needed", " Did you mean 'bf16'?")]
    [InlineData("selftest --only goldn", "is needed", " Did you mean 'golden'?")]
    public void AnyVerb_UnknownChoice_IsGuessed(string args, string said, string end)
    {
        CommandResult result = CommandResult.Of(args.Replace(" . ", $" {Path.GetTempPath()} ", StringComparison.Ordinal).Split(' '));
        Assert.Equal(1, result.Code);
        string line = Assert.Single(result.ErrorLines);
        Assert.Contains(said, line, StringComparison.Ordinal);
        Assert.EndsWith(end, line, StringComparison.Ordinal);
        Assert.Equal(end != ".", line.Contains("Did you mean", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ab", "")]
    [InlineData("", "")]
    [InlineData("VAL", " Did you mean 'val'?")]
    [InlineData("vla", " Did you mean 'val'?")]
    [InlineData("predcit", " Did you mean 'predict'?")]
    [InlineData("predixxx", "")]
    public void Sentence_AnyWord_NamesOnlyWhatIsNear(string word, string sentence) =>
        Assert.Equal(sentence, DidYouMean.Sentence(word, ["train", "val", "predict"]));
}
