using Sunet.Cli;

using var signals = new ShutdownSignals();
int code = CommandLineHost.Run(args, Console.Out, Console.Error, signals.Token);
return code == ExitCodes.Interrupted ? signals.ExitCode : code;
