namespace Sunet.Data.Images;

/// <summary>One colour component of a JPEG.</summary>
/// <param name="Id">The number scans refer to it by.</param>
/// <param name="Across">Its samples in a row of an MCU, in blocks.</param>
/// <param name="Down">Its samples in a column of an MCU, in blocks.</param>
/// <param name="Quantization">The number of the table that its coefficients are multiplied by.</param>
internal readonly record struct JpegComponent(int Id, int Across, int Down, int Quantization);
