using System.Diagnostics;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Hosting;

namespace Sunet.Native.Hosting.Tests;

/// <summary>
/// A program with a web application that runs on the loopback until it is disposed. Its host tells of itself as it is built.
/// </summary>
internal sealed class RunningApplication : IAsyncDisposable
{
    private readonly TaskCompletionSource<IHost> built = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task program;
    private IHost? host;

    private RunningApplication(Action<string[]> main)
    {
        program = Task.Factory.StartNew(
            () =>
            {
                using IDisposable all = DiagnosticListener.AllListeners.Subscribe(new Hosts(built));
                main(["--urls", "http://127.0.0.1:0", "--Logging:LogLevel:Default", "Warning"]);
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1");

    /// <summary>Its services.</summary>
    public IServiceProvider Services => host!.Services;

    /// <summary>Starts a program and waits until it takes requests.</summary>
    /// <param name="main">Given arguments, builds a web application and runs it.</param>
    public static async Task<RunningApplication> StartAsync(Action<string[]> main)
    {
        var application = new RunningApplication(main);
        IHost host = application.host = await await Task.WhenAny(application.built.Task, application.EndAsync());
        var started = new TaskCompletionSource();
        host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted.Register(() => started.TrySetResult());
        await await Task.WhenAny(started.Task, application.program);
        IServerAddressesFeature addresses = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        application.Address = new Uri(addresses.Addresses.Single());
        return application;
    }

    public async ValueTask DisposeAsync()
    {
        host!.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await program;
    }

    private async Task<IHost> EndAsync()
    {
        await program;
        throw new InvalidOperationException("The program ended without an application.");
    }

    private sealed class Hosts(TaskCompletionSource<IHost> built) : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
    {
        public void OnNext(DiagnosticListener value)
        {
            if (value.Name == "Microsoft.Extensions.Hosting")
                value.Subscribe(this);
        }

        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value is { Key: "HostBuilt", Value: IHost host })
                built.TrySetResult(host);
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }
    }
}
