namespace Sunet.Cli.Output;

/// <summary>The exit codes that are not those of a <see cref="Sunet.Native.SunetException"/>.</summary>
internal static class ExitCodes
{
    public const int Success = 0;
    public const int Usage = 1;
    public const int Data = 2;
    public const int Device = 3;
    public const int Memory = 4;
    public const int Internal = 70;
    public const int Interrupted = 130;
    public const int Terminated = 143;
}
