using Microsoft.Extensions.Hosting;

namespace Sunet.Native.Hosting;

/// <summary>
/// Makes the service when the application starts, so that weights which cannot be read end the start and not the first request.
/// </summary>
internal sealed class SegmentationStart(SegmentationService service) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => service.WarmUpAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
