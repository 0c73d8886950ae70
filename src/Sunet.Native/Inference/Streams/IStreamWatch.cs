namespace Sunet.Native.Inference.Streams;

/// <summary>Is told what the lanes of a stream do, on their threads.</summary>
internal interface IStreamWatch
{
    /// <summary>A lane begins a batch.</summary>
    void BatchBegins();

    /// <summary>A lane has ended its batch, whose results come now.</summary>
    void BatchEnds();
}
