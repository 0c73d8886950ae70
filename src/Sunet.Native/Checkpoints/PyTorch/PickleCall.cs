using System.Diagnostics.CodeAnalysis;

namespace Sunet.Native.Checkpoints.PyTorch;

/// <summary>
/// What calls in a pickle come to. Only the listed globals make something of their arguments; what is called on anything opaque, or given
/// an opaque storage or tensor, is opaque.
/// </summary>
internal static class PickleCall
{
    /// <summary>Whether a call makes a dictionary of a list of pairs, as Python 2 pickles an OrderedDict.</summary>
    public static bool IsOfPairs(object? function, object? arguments, [NotNullWhen(true)] out List<object?>? pairs)
    {
        pairs = function is PickleGlobal { Kind: PickleGlobalKind.Dictionary } && arguments is object?[] and [List<object?> list]
            ? list
            : null;
        return pairs is not null;
    }

    /// <summary>The result of any other call.</summary>
    /// <exception cref="FormatException">What is called is no function, or its arguments do not fit it.</exception>
    public static object Make(object? function, object? arguments)
    {
        if (function is PickledOpaque)
            return function;
        if (function is not PickleGlobal global)
            throw new FormatException("what is called is no function");
        if (arguments is not object?[] values)
            throw new FormatException($"the arguments of '{global.Name}' are no tuple");
        return (global.Kind, values) switch
        {
            (PickleGlobalKind.Tensor or PickleGlobalKind.Parameter, [PickledOpaque opaque, ..]) => opaque,
            (PickleGlobalKind.Tensor, _) => PickledTensor.FromArguments(values),
            (PickleGlobalKind.Parameter, [PickledTensor tensor, ..]) => tensor,
            (PickleGlobalKind.Size, [object?[] size]) => size,
            (PickleGlobalKind.Dictionary, []) or (PickleGlobalKind.DefaultDictionary, _) => new PickledDictionary(),
            _ => throw new FormatException($"'{global.Name}' is called with {values.Length} arguments that do not fit it"),
        };
    }

    /// <summary>An instance of an old-style class of Python 2, whatever its arguments.</summary>
    /// <exception cref="FormatException">There is no class, or one that makes tensors.</exception>
    public static PickledOpaque Old(object? type) => type as PickledOpaque ?? throw new FormatException("what is called is no class");
}
