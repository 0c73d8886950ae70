using System.Runtime.InteropServices;

namespace Sunet.Native.Checkpoints.PyTorch;

/// <summary>The objects of a pickle that are under way, and the marks between them. Nothing reaches below the last open mark.</summary>
/// <param name="budget">What may be spent.</param>
internal sealed class PickleStack(PickleBudget budget)
{
    /// <summary>Bytes of an array without its elements.</summary>
    public const int ArrayBytes = 24;

    private const int DeepestMark = 1000;

    private readonly List<object?> objects = [];
    private readonly List<int> marks = [];

    /// <summary>The object where there is one alone and no mark is open.</summary>
    /// <exception cref="FormatException">There are others.</exception>
    public object? Whole => objects.Count == 1 && marks.Count == 0
        ? objects[0]
        : throw new FormatException("a pickle ends within an object");

    /// <summary>The object on top.</summary>
    /// <exception cref="FormatException">There is none.</exception>
    public object? Top => objects.Count > Floor ? objects[^1] : throw UsesTooMany();

    /// <summary>The objects behind the last open mark; valid until anything is pushed or taken.</summary>
    /// <exception cref="FormatException">No mark is open.</exception>
    public ReadOnlySpan<object?> Marked => CollectionsMarshal.AsSpan(objects)[LastMark..];

    /// <summary>The object below the last open mark.</summary>
    /// <exception cref="FormatException">No mark is open, or there is no object.</exception>
    public object? BelowMark => LastMark > (marks.Count > 1 ? marks[^2] : 0) ? objects[LastMark - 1] : throw UsesTooMany();

    private int LastMark => marks.Count > 0 ? marks[^1] : throw new FormatException("a pickle closes what it did not open");

    private int Floor => marks.Count > 0 ? marks[^1] : 0;

    /// <summary>Whether an object is the first, to which all others will belong.</summary>
    public bool IsBottom(object? value) => objects.Count > 0 && ReferenceEquals(objects[0], value);

    /// <summary>Makes the stack ready for another pickle.</summary>
    public void Clear()
    {
        objects.Clear();
        marks.Clear();
    }

    /// <summary>Adds an object.</summary>
    public void Push(object? value)
    {
        if (objects.Count == objects.Capacity)
            budget.Allocate(ArrayBytes + (2L * IntPtr.Size * Math.Max(4, objects.Count)));
        objects.Add(value);
    }

    /// <summary>Opens a mark.</summary>
    public void Mark()
    {
        if (marks.Count == DeepestMark)
            throw new NotSupportedException($"its objects nest deeper than {DeepestMark} levels");
        marks.Add(objects.Count);
    }

    /// <summary>Takes the object on top.</summary>
    public object? Pop()
    {
        object? top = Top;
        objects.RemoveAt(objects.Count - 1);
        return top;
    }

    /// <summary>Takes the object on top, or the last mark where nothing lies on it.</summary>
    public void PopOrUnmark()
    {
        if (marks.Count > 0 && marks[^1] == objects.Count)
            marks.RemoveAt(marks.Count - 1);
        else
            Pop();
    }

    /// <summary>Takes so many objects as a tuple.</summary>
    public object?[] PopTuple(int count)
    {
        if (objects.Count - Floor < count)
            throw UsesTooMany();
        budget.Allocate(ArrayBytes + (count * (long)IntPtr.Size));
        object?[] values = [.. CollectionsMarshal.AsSpan(objects)[^count..]];
        objects.RemoveRange(objects.Count - count, count);
        return values;
    }

    /// <summary>Takes the objects behind the last open mark, and the mark, as a tuple.</summary>
    public object?[] PopMarked()
    {
        object?[] values = PopTuple(Marked.Length);
        marks.RemoveAt(marks.Count - 1);
        return values;
    }

    /// <summary>Drops the objects behind the last open mark, and the mark.</summary>
    public void DropMarked()
    {
        objects.RemoveRange(LastMark, objects.Count - LastMark);
        marks.RemoveAt(marks.Count - 1);
    }

    private static FormatException UsesTooMany() => new("a pickle uses more objects than it made");
}
