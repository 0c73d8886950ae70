using Sunet.Data.Randomness;
using Sunet.Native.Tensors;

namespace Sunet.Data.Synthetic;

/// <summary>One shape of a scene: where it lies and how each of its points looks.</summary>
internal sealed class SceneShape
{
    private const float Period = 9f;

    private readonly float centreX, centreY, radius, cosine, sine, shade;

    /// <summary>Draws size, place, turn and shade.</summary>
    public SceneShape(SceneClass kind, int height, int width, ref Philox random)
    {
        Kind = kind;
        int side = Math.Min(height, width);
        radius = side * random.NextSingle(0.2f, 0.3f);
        centreX = random.NextSingle(radius * 0.7f, width - (radius * 0.7f));
        centreY = random.NextSingle(radius * 0.7f, height - (radius * 0.7f));
        (sine, cosine) = MathF.SinCos(random.NextSingle(-MathF.PI, MathF.PI));
        shade = random.NextSingle(-18f, 18f);
    }

    /// <summary>The class of its pixels.</summary>
    public SceneClass Kind { get; }

    /// <summary>Whether the centres are so close that one shape would hide most of the other.</summary>
    public bool Hides(SceneShape other)
    {
        float dx = centreX - other.centreX, dy = centreY - other.centreY, near = (radius + other.radius) * 0.75f;
        return (dx * dx) + (dy * dy) < near * near;
    }

    /// <summary>The distance inside the outline in pixels; negative outside.</summary>
    public float Depth(float x, float y)
    {
        var (u, v) = Turn(x, y);
        return Kind switch
        {
            SceneClass.Coin => radius - MathF.Sqrt((u * u) + (v * v)),
            SceneClass.Cross => MathF.Max(Bar(MathF.Abs(u), MathF.Abs(v)), Bar(MathF.Abs(v), MathF.Abs(u))),
            SceneClass.LitGem or SceneClass.DarkGem =>
                (radius * 0.9f) - MathF.Max(MathF.Abs(u), (MathF.Abs(u) * 0.5f) + (MathF.Abs(v) * 0.8660254f)),
            _ => (radius * 0.62f) - MathF.Max(v, (MathF.Abs(u) * 0.8660254f) - (v * 0.5f)),
        };
    }

    /// <summary>The colour of a point at a depth of zero or more.</summary>
    public Rgb Colour(float x, float y, float depth)
    {
        var (u, v) = Turn(x, y);
        bool evenColumn = MathF.Floor(u / Period) % 2 == 0, evenRow = MathF.Floor(v / Period) % 2 == 0;
        switch (Kind)
        {
            case SceneClass.Coin or SceneClass.Cross:
                return evenColumn ? Shaded(205, 120, 60) : Shaded(150, 70, 40);
            case SceneClass.LitGem or SceneClass.DarkGem when depth < radius * 0.2f:
                return Kind == SceneClass.LitGem ? Shaded(225, 225, 200) : Shaded(35, 35, 55);
            case SceneClass.LitGem or SceneClass.DarkGem:
                return evenColumn == evenRow ? Shaded(60, 160, 170) : Shaded(40, 105, 130);
            default:
                float du = (u / Period) - MathF.Round(u / Period), dv = (v / Period) - MathF.Round(v / Period);
                return (du * du) + (dv * dv) < 0.07f ? Shaded(235, 190, 230) : Shaded(130, 60, 150);
        }
    }

    private (float U, float V) Turn(float x, float y)
    {
        float dx = x - centreX, dy = y - centreY;
        return ((dx * cosine) + (dy * sine), (dy * cosine) - (dx * sine));
    }

    /// <summary>One arm of a cross: long in u, narrow in v.</summary>
    private float Bar(float u, float v) => MathF.Min(radius - u, (radius * 0.36f) - v);

    private Rgb Shaded(float r, float g, float b) => new(Clamp(r + shade), Clamp(g + shade), Clamp(b + shade));

    private static byte Clamp(float value) => (byte)Math.Clamp(value, 0f, 255f);
}
