namespace Sunet.Native.Tensors;

/// <summary>Which bytes a pixel of an 8-bit sRGB image has, in the order in which they lie in memory.</summary>
public enum PixelFormat
{
    /// <summary>Three bytes: red, green, blue.</summary>
    Rgb,

    /// <summary>Three bytes: blue, green, red.</summary>
    Bgr,

    /// <summary>Four bytes: red, green, blue, and alpha, which is ignored.</summary>
    Rgba,

    /// <summary>Four bytes: blue, green, red, and alpha, which is ignored.</summary>
    Bgra,

    /// <summary>One byte, which is red, green and blue alike.</summary>
    Gray,
}
