using CommunityToolkit.HighPerformance;
using Microsoft.AspNetCore.RateLimiting;
using Sunet.Data.Images;
using Sunet.Native;
using Sunet.Native.Hosting;
using Sunet.Native.Tensors;

namespace Sunet.Native.Hosting.Tests;

/// <summary>A snippet of the README between markers, with its using directives. A test holds the two texts equal and runs it.</summary>
internal static class ReadmeService
{
    public static void Run(string[] args, string weights)
    {
        // snippet: service
        WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
        builder.Services.AddSegmentation(options => options.Weights = weights);

        // Requests beyond these wait without an image in memory.
        builder.Services.AddRateLimiter(limits => limits.AddConcurrencyLimiter("images", images =>
            (images.PermitLimit, images.QueueLimit) = (4 * Environment.ProcessorCount, 1000)));
        WebApplication app = builder.Build();
        app.UseRateLimiter();

        app.MapPost("/segment", async (HttpRequest request, SegmentationService segmentation, CancellationToken cancellation) =>
        {
            using var jpeg = new MemoryStream();
            await request.Body.CopyToAsync(jpeg, cancellation);
            jpeg.Position = 0;
            try
            {
                Memory2D<Rgb> image = ImageFile.Load(jpeg, "the image of the request", pixelCap: 4096 * 4096);
                var labels = new byte[image.Height, image.Width];
                await segmentation.SegmentAsync(image, labels, cancellation);

                using var png = new MemoryStream();
                IndexPngWriter.Write(png, labels);
                return Results.Bytes(png.ToArray(), "image/png");
            }
            catch (DataException broken)
            {
                return Results.Problem(broken.Message, statusCode: StatusCodes.Status400BadRequest);
            }
        }).RequireRateLimiting("images");

        app.Run();
        // end
    }
}
