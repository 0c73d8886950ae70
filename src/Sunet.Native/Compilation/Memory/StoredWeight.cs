namespace Sunet.Native.Compilation.Memory;

/// <summary>One parameter or buffer in one format.</summary>
/// <param name="Name">The value's name, which also tells what a pass has derived from what the model has.</param>
/// <param name="Format">The format.</param>
/// <param name="Bytes">What its elements take.</param>
/// <param name="ParameterBytes">What it takes, aligned.</param>
/// <param name="CopyBytes">What its copy in the element type that calls read takes, aligned; 0 where they read it itself.</param>
internal sealed record StoredWeight(string Name, string Format, long Bytes, long ParameterBytes, long CopyBytes)
{
    /// <summary>The first byte; 0 until there is memory.</summary>
    public nint Address { get; set; }

    /// <summary>The first byte of what calls read.</summary>
    public nint CopyAddress { get; set; }

    /// <summary>Whether the model's elements are there.</summary>
    public bool IsLoaded { get; set; }
}
