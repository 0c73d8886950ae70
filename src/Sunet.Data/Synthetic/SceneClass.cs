namespace Sunet.Data.Synthetic;

/// <summary>
/// The classes of a synthetic scene. A pixel's own colour never decides between coin and cross, nor between lit and dark gem: the network
/// has to see the outline in the first case and the rim in the second.
/// </summary>
internal enum SceneClass : byte
{
    /// <summary>What no shape covers.</summary>
    Background,

    /// <summary>A striped disc.</summary>
    Coin,

    /// <summary>A cross with the stripes of the coin.</summary>
    Cross,

    /// <summary>A chequered hexagon with a bright rim.</summary>
    LitGem,

    /// <summary>A chequered hexagon like the lit gem, with a dark rim.</summary>
    DarkGem,

    /// <summary>A dotted triangle, the only class its texture tells.</summary>
    Sail,
}
