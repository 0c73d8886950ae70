namespace Sunet.Native.Checkpoints;

/// <summary>
/// Which weights of a checkpoint are meant where it has several sets, such as those of training and their moving average.
/// </summary>
/// <param name="Entry">
/// The entry of a file of PyTorch's torch.save that has them, such as <c>state_dict_ema</c>, or <c>ema.shadow</c> for one within another;
/// null for the usual one.
/// </param>
/// <param name="Prefix">
/// What the tensors' names begin with and is left out, such as <c>teacher.</c>, with or without the dot; null to find it.
/// </param>
public sealed record WeightsSelection(string? Entry = null, string? Prefix = null);
