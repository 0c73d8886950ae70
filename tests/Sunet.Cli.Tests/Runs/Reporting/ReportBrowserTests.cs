using PuppeteerSharp;

namespace Sunet.Cli.Tests.Runs.Reporting;

/// <summary>A report in a browser: it renders without an error, and its sliders and buttons do what they say.</summary>
public sealed class ReportBrowserTests(ReportedRun run, HeadlessBrowser browser)
    : IClassFixture<ReportedRun>, IClassFixture<HeadlessBrowser>
{
    [Fact]
    public async Task Page_InABrowser_ShowsWhatSlidersAndButtonsAsk()
    {
        await using IPage page = await browser.OpenPage();
        List<string> errors = [];
        page.PageError += (_, failure) => errors.Add(failure.Message);
        page.Console += (_, line) => errors.Add(line.Message.Text);
        page.Request += (_, asked) =>
        {
            if (asked.Request.Url.StartsWith("http", StringComparison.Ordinal))
                errors.Add(asked.Request.Url);
        };
        await page.SetViewportAsync(new ViewPortOptions { Width = 1280, Height = 900 });
        await page.GoToAsync(new Uri(run.Report).AbsoluteUri);

        // All pictures are there, and the names that look like markup are texts.
        Assert.True(await page.EvaluateExpressionAsync<bool>("[...document.images].every(i => i.complete && i.naturalWidth > 0)"));
        Assert.Equal(0, await page.EvaluateExpressionAsync<int>("document.querySelectorAll('b').length"));
        string text = await page.EvaluateExpressionAsync<string>("document.body.innerText");
        Assert.Contains(ReportedRun.ImageName, text, StringComparison.Ordinal);

        const string wipe = "figure.image input.wipe", layers = "document.querySelector('figure.image .layers')";
        await page.FocusAsync(wipe);
        await page.Keyboard.PressAsync("Home");
        Assert.Equal("0%", await page.EvaluateExpressionAsync<string>($"{layers}.style.getPropertyValue('--wipe')"));
        await page.Keyboard.PressAsync("ArrowRight");
        Assert.Equal("1%", await page.EvaluateExpressionAsync<string>($"{layers}.style.getPropertyValue('--wipe')"));
        const string visibility = $"getComputedStyle({layers}.querySelector('.marks')).visibility";
        Assert.Equal("hidden", await page.EvaluateExpressionAsync<string>(visibility));
        await page.ClickAsync("figure.image button.toggle");
        Assert.Equal("visible", await page.EvaluateExpressionAsync<string>(visibility));

        const string output = "document.querySelector('#chart-scores output').textContent";
        await page.FocusAsync("#chart-scores input");
        await page.Keyboard.PressAsync("Home");
        Assert.Equal("epoch 1: not validated", await page.EvaluateExpressionAsync<string>(output));
        await page.HoverAsync("#chart-scores svg.plot");
        Assert.Matches("^epoch 2: mIoU [0-9.]+ %, aAcc [0-9.]+ %, mAcc [0-9.]+ %$", await page.EvaluateExpressionAsync<string>(output));
        Assert.Empty(errors);
    }

    [Theory]
    [InlineData(390)]
    [InlineData(1280)]
    public async Task Page_NarrowOrWide_DoesNotScrollSideways(int width)
    {
        await using IPage page = await browser.OpenPage();
        await page.SetViewportAsync(new ViewPortOptions { Width = width, Height = 844 });
        await page.GoToAsync(new Uri(run.Report).AbsoluteUri);
        Assert.InRange(await page.EvaluateExpressionAsync<int>("document.documentElement.scrollWidth"), width - 20, width);
    }
}
