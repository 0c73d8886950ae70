using System.Text.Json;
using Sunet.Native.Files;

namespace Sunet.Data.Datasets.Coco;

/// <summary>
/// Reads the annotation files of MS-COCO (https://cocodataset.org/#format-data): one object with the lists <c>images</c>,
/// <c>annotations</c> and <c>categories</c>, in any order and beside others that are passed over.
/// </summary>
internal static class CocoFileReader
{
    private static readonly string[] Lists = ["images", "annotations", "categories"];

    private delegate void EntryReader(ref JsonFileReader reader, CocoFile contents);

    /// <summary>Reads a file from beginning to end, keeping a few words an entry.</summary>
    /// <exception cref="DataException">The file cannot be read, is no JSON, lacks a list, or an entry lacks something.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static CocoFile Read(string path, CancellationToken cancellation = default)
    {
        try
        {
            using var handle = RegularFile.OpenHandle(path, FileOptions.SequentialScan);
            var contents = new CocoFile(path, RandomAccess.GetLength(handle));
            var reader = new JsonFileReader(handle, path);
            ReadLists(ref reader, contents, cancellation);
            return contents;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new DataException($"'{path}' cannot be read: {failure.Message}", path, failure);
        }
    }

    private static void ReadLists(ref JsonFileReader reader, CocoFile contents, CancellationToken cancellation)
    {
        var seen = new HashSet<string>();
        reader.Read();
        reader.Require(JsonTokenType.StartObject, "an object");
        while (NextKey(ref reader))
        {
            if (reader.IsKey("images"u8))
                ReadList(ref reader, contents, Lists[0], ReadImage, seen, cancellation);
            else if (reader.IsKey("annotations"u8))
                ReadList(ref reader, contents, Lists[1], ReadAnnotation, seen, cancellation);
            else if (reader.IsKey("categories"u8))
                ReadList(ref reader, contents, Lists[2], ReadCategory, seen, cancellation);
            else
                PassOver(ref reader);
        }

        // Past the object, so that anything behind it is refused.
        reader.Read();
        if (Lists.FirstOrDefault(list => !seen.Contains(list)) is { } missing)
            throw new DataException($"'{contents.Path}' is no COCO annotation file: it lacks the list '{missing}'.", contents.Path);
    }

    private static void ReadList(
        ref JsonFileReader reader, CocoFile contents, string name,
        EntryReader readEntry, HashSet<string> seen, CancellationToken cancellation)
    {
        if (!seen.Add(name))
            throw new DataException($"'{contents.Path}' is no COCO annotation file: it has the list '{name}' twice.", contents.Path);
        reader.Read();
        reader.Require(JsonTokenType.StartArray, $"the list '{name}'");
        for (reader.Read(); reader.TokenType != JsonTokenType.EndArray; reader.Read())
        {
            cancellation.ThrowIfCancellationRequested();
            reader.Require(JsonTokenType.StartObject, $"an entry of '{name}'");
            readEntry(ref reader, contents);
        }
    }

    private static void ReadImage(ref JsonFileReader reader, CocoFile contents)
    {
        long? id = null, height = null, width = null;
        string? fileName = null;
        while (NextKey(ref reader))
        {
            if (reader.IsKey("id"u8))
                id = Int64(ref reader, "an image's 'id'");
            else if (reader.IsKey("file_name"u8))
                fileName = Text(ref reader, "an image's 'file_name'");
            else if (reader.IsKey("height"u8))
                height = Int64(ref reader, "an image's 'height'");
            else if (reader.IsKey("width"u8))
                width = Int64(ref reader, "an image's 'width'");
            else
                PassOver(ref reader);
        }

        if (id is not { } number || fileName is not { Length: > 0 } || height is not { } rows || width is not { } columns)
            throw Incomplete(contents, "image", id, reader.TokenEnd, "id, file_name, height and width");
        if (rows is < 1 or > int.MaxValue || columns is < 1 or > int.MaxValue)
            throw new DataException($"'{contents.Path}' gives image {number} the size of {columns} x {rows} pixels.", contents.Path);
        contents.Images.Add(new CocoImage(number, fileName, (int)rows, (int)columns));
    }

    private static void ReadAnnotation(ref JsonFileReader reader, CocoFile contents)
    {
        long? id = null, imageId = null, categoryId = null;
        double? area = null;
        (FileSlice Slice, OutlineShape Shape)? outline = null;
        while (NextKey(ref reader))
        {
            if (reader.IsKey("id"u8))
                id = Int64(ref reader, "an annotation's 'id'");
            else if (reader.IsKey("image_id"u8))
                imageId = Int64(ref reader, "an annotation's 'image_id'");
            else if (reader.IsKey("category_id"u8))
                categoryId = Int64(ref reader, "an annotation's 'category_id'");
            else if (reader.IsKey("area"u8))
                area = Double(ref reader, "an annotation's 'area'");
            else if (reader.IsKey("segmentation"u8))
                outline = Outline(ref reader, contents);
            else
                PassOver(ref reader);
        }

        bool complete = id.HasValue && imageId.HasValue && categoryId.HasValue && area.HasValue && outline.HasValue;
        if (!complete)
            throw Incomplete(contents, "annotation", id, reader.TokenEnd, "id, image_id, category_id, area and segmentation");
        var (slice, shape) = outline!.Value;
        contents.Annotations.Add(new CocoAnnotation(id!.Value, imageId!.Value, categoryId!.Value, area!.Value, slice, shape));
    }

    private static void ReadCategory(ref JsonFileReader reader, CocoFile contents)
    {
        long? id = null;
        string? name = null;
        string group = "";
        while (NextKey(ref reader))
        {
            if (reader.IsKey("id"u8))
                id = Int64(ref reader, "a category's 'id'");
            else if (reader.IsKey("name"u8))
                name = Text(ref reader, "a category's 'name'").Trim();
            else if (reader.IsKey("supercategory"u8))
                group = Group(ref reader);
            else
                PassOver(ref reader);
        }

        if (id is not { } number || name is null)
            throw Incomplete(contents, "category", id, reader.TokenEnd, "id and name");
        contents.Categories.Add(new CocoCategory(number, name, group));
    }

    private static bool NextKey(ref JsonFileReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.PropertyName;
    }

    private static void PassOver(ref JsonFileReader reader)
    {
        reader.Read();
        reader.SkipValue();
    }

    private static long Int64(ref JsonFileReader reader, string what)
    {
        reader.Read();
        return reader.Int64(what);
    }

    private static double Double(ref JsonFileReader reader, string what)
    {
        reader.Read();
        return reader.Double(what);
    }

    private static string Text(ref JsonFileReader reader, string what)
    {
        reader.Read();
        return reader.Text(what);
    }

    // Tools write null, or leave it out, where there is none.
    private static string Group(ref JsonFileReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
            return reader.Text("a category's 'supercategory'").Trim();
        reader.SkipValue();
        return "";
    }

    // An outline is decoded from memory later, so that it may not be of any size.
    private static (FileSlice Slice, OutlineShape Shape) Outline(ref JsonFileReader reader, CocoFile contents)
    {
        const long Largest = 16 << 20;
        reader.Read();
        long start = reader.TokenStart;
        OutlineShape shape = OutlineShape.Read(ref reader);
        long length = reader.TokenEnd - start;
        return length <= Largest
            ? (new FileSlice(start, (int)length), shape)
            : throw new DataException($"'{contents.Path}' has a segmentation of over 16 MiB at byte {start}.", contents.Path);
    }

    private static DataException Incomplete(CocoFile contents, string kind, long? id, long end, string needed)
    {
        string which = id is { } known ? $"{kind} {known}" : kind;
        return new DataException($"'{contents.Path}' has an incomplete {which} before byte {end}: it needs {needed}.", contents.Path);
    }
}
