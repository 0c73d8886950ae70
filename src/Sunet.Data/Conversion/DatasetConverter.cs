using System.Runtime.ExceptionServices;
using CommunityToolkit.HighPerformance;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Labels;
using Sunet.Data.Datasets.Layouts;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Conversion;

/// <summary>
/// Writes a data set of any known layout in the layout of PASCAL VOC: JPEG and PNG images copied byte for byte, others as PNGs, label maps
/// as PNGs with VOC's palette, also of masks in colours that are known, lists, and <c>classes.txt</c>. Images that several splits share are
/// written once; <c>test</c> may be without labels.
/// </summary>
/// <remarks>
/// Every file is written whole or not at all, and the lists come last. A conversion that was interrupted takes up where it stopped, if it
/// is run again with <see cref="ConversionOptions.Overwrite"/>.
/// </remarks>
internal sealed class DatasetConverter
{
    private static readonly string[] WrittenExtensions = [".jpg", ".jpeg", ".png"];

    private readonly ConversionOptions options;
    private readonly string source, settings;
    private readonly SegmentationDataset samples;
    private readonly IReadOnlyList<SplitListing> splits;
    private readonly List<(DatasetImage Image, SegmentationItem? Item)> work;
    private readonly ConvertedNames names;
    private readonly VocFolder target;

    private DatasetConverter(
        IDatasetLayout layout, LabelMap? colours, string output, ConversionOptions options, CancellationToken cancellation)
    {
        this.options = options;
        source = layout.Root;
        Output = output;
        target = new VocFolder(output);

        // Names depend on the whole data set, so that splits which are converted one after another go together.
        IReadOnlyList<SplitListing> all =
            [.. layout.Splits.Union(options.Splits, StringComparer.Ordinal).Select(split => layout.List(split, cancellation))];
        names = new ConvertedNames(all.SelectMany(listing => listing.Images));
        IEnumerable<SplitListing> chosen = options.Splits.Count == 0
            ? all.Where(IsConvertible)
            : all.Where(listing => options.Splits.Contains(listing.Split));
        splits = [.. chosen.Select(DatasetReader.RequireSound)];
        if (splits.FirstOrDefault(listing => !IsConvertible(listing)) is { } unlabelled)
            throw new DataException($"The split '{unlabelled.Split}' of '{source}' has no labels to convert.", unlabelled.Source);
        if (splits.Count == 0)
            throw new DataException($"'{source}' has no split to convert.", source);
        work = WithColours(Distinct(splits), colours, layout.Colours);
        settings = string.Join('\n', [source, .. (colours ?? layout.Colours)?.Lines ?? []]);
        Notes = [.. layout.Notes.Concat(splits.SelectMany(listing => listing.Notes)).Distinct()];
        IReadOnlyList<string> classes = colours?.Names ?? layout.ClassNames;
        samples = new SegmentationDataset(Path.GetFileName(source), source, "", classes, [.. splits.SelectMany(s => s.Items)]);
    }

    /// <summary>The new data set's folder.</summary>
    public string Output { get; }

    /// <summary>The images to convert, each counted once.</summary>
    public int ImageCount => work.Count;

    /// <summary>What a user should know of the data set to convert and is no defect, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Lists what is to be converted and makes sure that it can be; nothing is written.</summary>
    /// <param name="path">What <see cref="DatasetReader.Open(string, string, CancellationToken)"/> takes.</param>
    /// <param name="output">The folder to make.</param>
    /// <param name="options">What to convert, and how.</param>
    /// <param name="cancellation">Stops while the files are listed.</param>
    /// <exception cref="ConfigurationException">An option is out of range, or colours are given for labels that are no masks.</exception>
    /// <exception cref="DataException">
    /// The colour map, the data set or a split of it cannot be read, or the folder holds a data set that may not be overwritten, has
    /// other classes, or is the one to convert.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public static DatasetConverter Open(string path, string output, ConversionOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        string folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(output));
        LabelMap? colours = options.ColourMap is { } file ? LabelMap.Read(Path.GetFullPath(file)) : null;
        var converter = new DatasetConverter(
            DatasetLayouts.Open(path, options.Labels, colours?.Names), colours, folder, options, cancellation);
        converter.RequireTarget();
        return converter;
    }

    /// <summary>Writes the new data set.</summary>
    /// <param name="progress">Told after every image, by one thread at a time; may be null.</param>
    /// <param name="cancellation">Stops between two images.</param>
    /// <exception cref="DataException">An image or its labels cannot be read, are damaged, do not fit, or cannot be written.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public ConversionReport Run(IProgress<DatasetProgress>? progress = null, CancellationToken cancellation = default)
    {
        target.Create();
        ConversionJournal journal = ConversionJournal.Open(Output, settings);
        int written = 0, done = 0;
        var gate = new Lock();
        ForEach((image, item, buffers) =>
        {
            bool isNew = Convert(image, item, journal, buffers);
            lock (gate)
            {
                written += isNew ? 1 : 0;
                done++;
                progress?.Report(new DatasetProgress(done, work.Count));
            }
        }, cancellation);

        target.WriteClasses(samples.ClassNames);
        foreach (SplitListing split in splits)
            target.WriteList(split.Split, split.Images.Select(image => names[image.Path]));
        journal.Close();
        return new ConversionReport(
            Output, [.. splits.Select(s => (s.Split, s.Images.Count))], samples.ClassCount, written, done - written);
    }

    private void ForEach(Action<DatasetImage, SegmentationItem?, SampleBuffers> convert, CancellationToken cancellation)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Workers, CancellationToken = cancellation };
        try
        {
            var budget = new DecodeBudget(options.DecodeBytes, options.Workers);
            Parallel.ForEach(work, parallel, () => new SampleBuffers(new DecodeScratch(budget)), (pair, _, buffers) =>
            {
                try
                {
                    convert(pair.Image, pair.Item, buffers);
                }
                finally
                {
                    buffers.Return();
                }

                return buffers;
            }, _ => { });
        }
        catch (AggregateException failures)
        {
            ExceptionDispatchInfo.Throw(failures.InnerExceptions[0]);
        }
    }

    /// <returns>Whether anything was written.</returns>
    private bool Convert(DatasetImage image, SegmentationItem? item, ConversionJournal journal, SampleBuffers buffers)
    {
        string name = names[image.Path];
        bool hasImage = WrittenExtensions.Any(extension => journal.HasWritten(target.Image(name, extension)));
        if (hasImage && (item is null || journal.HasWritten(target.Mask(name))))
            return false;
        Memory2D<Rgb> pixels;
        if (item is null)
        {
            pixels = ImageFile.Load(image.Path, options.PixelCap, buffers.Scratch, buffers.Image);
        }
        else
        {
            (pixels, Memory2D<byte> labels) = samples.Load(item, options.PixelCap, buffers);
            target.WriteMask(name, labels.Span);
        }

        ReadOnlySpan<byte> file = buffers.Scratch.ReadFile(image.Path);
        ImageFormat format = ImageFormats.Detect(file);
        string written = target.Image(name, format == ImageFormat.Jpeg ? ".jpg" : ".png");
        IEnumerable<string> others = WrittenExtensions.Select(extension => target.Image(name, extension)).Where(p => p != written);
        if (others.FirstOrDefault(File.Exists) is { } other)
            throw new DataException($"'{other}' is in the way of '{written}'; remove it or choose another folder.", other);
        if (format is ImageFormat.Jpeg or ImageFormat.Png)
            AtomicFile.Write(written, file);
        else
            ImageWriter.WritePng(written, pixels.Span);
        return true;
    }

    private void RequireTarget()
    {
        if (target.IsThere && !options.Overwrite)
        {
            throw new DataException(
                $"'{Output}' holds a data set already; choose another folder, or say that it may be overwritten.", Output);
        }

        HashSet<string> sources = [.. work.Select(pair => pair.Image.Path), .. samples.Items.Select(item => item.LabelPath)];
        foreach (var (image, _) in work)
        {
            string name = names[image.Path];
            IEnumerable<string> files = WrittenExtensions.Select(extension => target.Image(name, extension)).Append(target.Mask(name));
            if (files.FirstOrDefault(sources.Contains) is { } own)
                throw new DataException($"'{own}' belongs to the data set to convert; choose another folder.", own);
        }

        if (File.Exists(target.Classes) && !ClassNamesFile.Read(target.Classes).SequenceEqual(samples.ClassNames))
            throw new DataException($"'{target.Classes}' names other classes than '{source}' has; choose another folder.", target.Classes);
    }

    private List<(DatasetImage Image, SegmentationItem? Item)> WithColours(
        List<(DatasetImage Image, SegmentationItem? Item)> pairs, LabelMap? given, LabelMap? found)
    {
        if (given is not null && pairs.Any(pair => pair.Item?.Labels.MayBeColours == false))
            throw new ConfigurationException($"The labels of '{source}' are no masks, of which a colour map says nothing; leave it out.");
        if ((given ?? found) is not { } colours)
            return pairs;
        var readers = new Dictionary<ILabelReader, ColourLabels>();
        return [.. pairs.Select(pair => (pair.Image, pair.Item is { Labels.MayBeColours: true } ? Coloured(pair.Item) : pair.Item))];

        SegmentationItem Coloured(SegmentationItem item)
        {
            if (!readers.TryGetValue(item.Labels, out ColourLabels? reader))
                readers.Add(item.Labels, reader = new ColourLabels(colours, given is null ? item.Labels : null));
            return item with { Labels = reader };
        }
    }

    // In the layout of PASCAL VOC, no split but this one may be without masks.
    private static bool IsConvertible(SplitListing listing) => listing.IsLabelled || listing.Split == "test";

    private static List<(DatasetImage Image, SegmentationItem? Item)> Distinct(IReadOnlyList<SplitListing> splits)
    {
        Dictionary<string, SegmentationItem> items = [];
        foreach (SegmentationItem item in splits.SelectMany(split => split.Items))
            items.TryAdd(item.ImagePath, item);
        return
        [
            .. splits.SelectMany(split => split.Images).DistinctBy(image => image.Path)
                .Select(image => (image, items.GetValueOrDefault(image.Path))),
        ];
    }
}
