namespace Sunet.Cli.Runs.Streaming;

/// <summary>What came of an attempt to decode an image.</summary>
internal enum DecodeOutcome
{
    /// <summary>There is an image.</summary>
    Decoded,

    /// <summary>The image is left out, and others come.</summary>
    LeftOut,

    /// <summary>There was none, and none will come.</summary>
    End,
}
