using System.Reflection;

namespace Sunet.Tests.Lifetimes;

/// <summary>
/// An object that is disposed and what its public members do then, each by its signature: so a member that nobody has thought about makes
/// the test fail by its name.
/// </summary>
/// <param name="type">The type whose members are meant.</param>
/// <param name="subject">The object; disposed by <see cref="Check"/>, twice.</param>
internal sealed class Lifetime(Type type, IDisposable subject)
{
    private const string Dispose = "Dispose()";

    private readonly Dictionary<string, Action> refused = [];
    private readonly Dictionary<string, Action> answered = [];
    private readonly Dictionary<string, Action> survived = [];

    public Type Type => type;

    /// <summary>A member that throws <see cref="ObjectDisposedException"/>.</summary>
    public Lifetime Refuses(string member, Action call) => Add(refused, member, call);

    /// <summary>The same of a member that starts a task.</summary>
    public Lifetime Refuses(string member, Func<Task> call) => Add(refused, member, () => call().GetAwaiter().GetResult());

    /// <summary>A member that answers as before: a fact, or something that needs nothing.</summary>
    public Lifetime Answers(string member, Action call) => Add(answered, member, call);

    /// <summary>A member of an object at the bottom that does either, depending on the device.</summary>
    public Lifetime Survives(string member, Action call) => Add(survived, member, call);

    /// <summary>Disposes the object and calls every member.</summary>
    public void Check()
    {
        string[] disposal = type.IsAssignableTo(typeof(IDisposable)) ? [Dispose] : [];
        Assert.Equal(
            Members(type), refused.Keys.Concat(answered.Keys).Concat(survived.Keys).Concat(disposal).Order(StringComparer.Ordinal));
        Action[] calls = [.. answered.Values.Concat(survived.Values)];
        foreach (Action call in calls)
            call();
        subject.Dispose();
        subject.Dispose();
        foreach ((string member, Action call) in refused)
        {
            Exception? found = Record.Exception(call);
            Assert.True(
                found is ObjectDisposedException, $"{type.Name}.{member} of a disposed object: {found?.ToString() ?? "no exception"}");
        }

        foreach ((string member, Action call) in answered)
        {
            Exception? found = Record.Exception(call);
            Assert.True(found is null, $"{type.Name}.{member} of a disposed object: {found}");
        }

        foreach ((string member, Action call) in survived)
        {
            Exception? found = Record.Exception(call);
            Assert.True(found is null or ObjectDisposedException, $"{type.Name}.{member} of a disposed object: {found}");
        }

        subject.Dispose();
    }

    /// <summary>The public types of an assembly that are disposed.</summary>
    public static IEnumerable<string> Disposables(Assembly assembly) => assembly.GetExportedTypes()
        .Where(t => t.IsAssignableTo(typeof(IDisposable))).Select(t => t.Name).Order(StringComparer.Ordinal);

    private Lifetime Add(Dictionary<string, Action> members, string member, Action call)
    {
        members.Add(member, call);
        return this;
    }

    private static IEnumerable<string> Members(Type type)
    {
        const BindingFlags instance = BindingFlags.Public | BindingFlags.Instance;
        Type[] types = [type, .. type.IsInterface ? type.GetInterfaces() : []];
        IEnumerable<string> methods = types.SelectMany(t => t.GetMethods(instance))
            .Where(m => !m.IsSpecialName && m.DeclaringType != typeof(object))
            .Select(m => $"{m.Name}({string.Join(", ", m.GetParameters().Select(p => NameOf(p.ParameterType)))})");
        return methods.Concat(types.SelectMany(t => t.GetProperties(instance)).Select(p => p.Name)).Order(StringComparer.Ordinal);
    }

    private static string NameOf(Type type)
    {
        if (type.IsByRef)
            return NameOf(type.GetElementType()!);
        if (!type.IsGenericType)
            return type.Name;
        string name = type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)];
        return $"{name}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>";
    }
}
