namespace Sunet.Native.Files;

/// <summary>
/// Folders that are written to below one that the user named. A symbolic link among them would lead files elsewhere, over others that are
/// nobody's to replace.
/// </summary>
internal static class OutputFolder
{
    /// <summary>Refuses symbolic links on the way from a folder to one below it; what is not there yet passes.</summary>
    /// <param name="root">The folder that the user named, however it is reached.</param>
    /// <param name="relative">The path below it.</param>
    /// <exception cref="IOException">There is a link; the message is a clause that names it.</exception>
    public static void RequireNoLinks(string root, string relative)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        ArgumentNullException.ThrowIfNull(relative);
        string path = root;
        foreach (string part in relative.Split(['/', Path.DirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries))
        {
            path = Path.Combine(path, part);
            RequireNoLink(path);
        }
    }

    /// <summary>Refuses a path that is a symbolic link; what is not there passes.</summary>
    /// <param name="path">A file or folder that is going to be written.</param>
    /// <exception cref="IOException">It is a link; the message is a clause that names it.</exception>
    public static void RequireNoLink(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (new FileInfo(path).LinkTarget is not null)
            throw new IOException($"'{path}' is a symbolic link, which is not followed");
    }
}
