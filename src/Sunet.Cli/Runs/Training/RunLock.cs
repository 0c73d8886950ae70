using System.Globalization;
using System.Text;
using Sunet.Native;
using Sunet.Native.Files;

namespace Sunet.Cli.Runs.Training;

/// <summary>
/// Keeps a run to one process. The lock is the operating system's, so that a process which is killed leaves none; the file that is locked
/// stays, since removing it could let two processes lock two files of the same name.
/// </summary>
internal sealed class RunLock : IDisposable
{
    private const string LockName = ".lock", OwnerName = ".lock-owner";
    private const int WouldBlock = 11, SharingViolation = 32; // EWOULDBLOCK on Linux; ERROR_SHARING_VIOLATION

    private readonly FileStream file;
    private readonly string owner;

    private RunLock(FileStream file, string owner) => (this.file, this.owner) = (file, owner);

    /// <summary>Takes the lock of a run; it is given back by disposal or at the process's end, however it ends.</summary>
    /// <param name="folder">The run's folder; it exists.</param>
    /// <exception cref="CheckpointException">Another process has it, or the folder cannot be written.</exception>
    public static RunLock Take(string folder)
    {
        string path = Path.Combine(folder, LockName), owner = Path.Combine(folder, OwnerName);
        FileStream file;
        try
        {
            OutputFolder.RequireNoLink(path);
            RegularFile.Require(path);
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException failure) when ((failure.HResult & 0xFFFF) is WouldBlock or SharingViolation)
        {
            throw new CheckpointException(
                $"The run '{folder}' is in use by {NameOf(owner)}; wait until that has ended, or stop it.", folder, failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"The run '{folder}' cannot be locked: {failure.Message.TrimEnd('.')}.", folder, failure);
        }

        var taken = new RunLock(file, owner);
        try
        {
            byte[] name = Encoding.UTF8.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId} on {Environment.MachineName}"));
            DurableFile.Write(owner, stream => stream.Write(name));
            return taken;
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            File.Delete(owner);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It says who had the lock last, and is only read where somebody has it.
        }

        file.Dispose();
    }

    private static string NameOf(string owner)
    {
        const int longest = 200;
        try
        {
            using var reader = new StreamReader(RegularFile.OpenRead(owner));
            char[] text = new char[longest];
            return new string(text, 0, reader.ReadBlock(text)) is { Length: > 0 } name ? name : "another process";
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return "another process";
        }
    }
}
