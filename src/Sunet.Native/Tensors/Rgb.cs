namespace Sunet.Native.Tensors;

/// <summary>One pixel of an 8-bit sRGB image. A <c>Memory2D&lt;Rgb&gt;</c> of [H, W] is an image.</summary>
/// <param name="R">Red.</param>
/// <param name="G">Green.</param>
/// <param name="B">Blue.</param>
public readonly record struct Rgb(byte R, byte G, byte B);
