namespace Sunet.Data.Loading;

/// <summary>What the workers of a <see cref="BatchLoader"/> have done so far; times are sums over the workers.</summary>
/// <param name="Samples">Samples made.</param>
/// <param name="BytesRead">Bytes of the files that were read for them.</param>
/// <param name="Decoding">Time spent reading and decoding.</param>
/// <param name="Resampling">Time spent cropping, resampling and normalising.</param>
internal readonly record struct LoaderWork(long Samples, long BytesRead, TimeSpan Decoding, TimeSpan Resampling)
{
    /// <summary>What was done since an earlier time.</summary>
    public LoaderWork Since(LoaderWork earlier) => new(
        Samples - earlier.Samples, BytesRead - earlier.BytesRead, Decoding - earlier.Decoding, Resampling - earlier.Resampling);
}
