using Sunet.Cli;
using Sunet.Cli.Output;

StandardStreams streams = StandardStreams.Open();
using var signals = new ShutdownSignals();
int code = CommandLineHost.Run(args, streams.Output, streams.Error, signals.Token);
return code == ExitCodes.Interrupted ? signals.ExitCode : code;
