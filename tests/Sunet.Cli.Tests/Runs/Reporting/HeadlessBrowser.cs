using PuppeteerSharp;

namespace Sunet.Cli.Tests.Runs.Reporting;

/// <summary>The system's Chromium without a window, started by the first test that wants it.</summary>
public sealed class HeadlessBrowser : IAsyncDisposable
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];
    private IBrowser? browser;

    /// <summary>Opens a page; skips the test where there is no browser.</summary>
    public async Task<IPage> OpenPage()
    {
        string? path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(place => Names.Select(name => Path.Combine(place, name))).FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, "there is no Chromium to look at the page with");
        browser ??= await Puppeteer.LaunchAsync(new LaunchOptions
        {
            ExecutablePath = path,
            Headless = true,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        });
        return await browser.NewPageAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null)
            await browser.DisposeAsync();
    }
}
