using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Sunet.Native.Hosting;

/// <summary>Registers segmentation with an application's services.</summary>
public static class ServiceCollectionExtensions
{
    /// <summary>
    /// Adds one <see cref="SegmentationService"/>, which the container owns. It is made when the application starts; where it cannot be,
    /// the start fails with the exception that says why. A further call adds to the options.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets the options; <see cref="SegmentationServiceOptions.Weights"/> at least.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddSegmentation(this IServiceCollection services, Action<SegmentationServiceOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.Configure(configure);
        services.TryAddSingleton(provider => new SegmentationService(
            provider.GetRequiredService<IOptions<SegmentationServiceOptions>>().Value,
            provider.GetService<ILogger<SegmentationService>>()));
        services.AddHostedService<SegmentationStart>();
        return services;
    }
}
